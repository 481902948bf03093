"""Which picture of a set: the suggestion, a person's decision, and what counts in the end.

Holds the modules of this room.
Add here: another source of a choice.
Keep out: how decisions are entered (review/).
"""
