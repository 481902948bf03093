"""Looking and deciding: sessions, the queue, submissions, metrics, rollout, status.

Holds the modules of this room.
Add here: another view of the state.
Keep out: which choice counts (selection/).
"""
