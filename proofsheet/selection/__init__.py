"""Which picture of a set: the proposal, the review decision, and the final choice.

Holds the modules of this room.
Add here: another source of a choice.
Keep out: how decisions are entered (review/).
"""
