"""Sets: near-duplicates, shot sequences, series, and how they are linked.

Holds the modules of this room.
Add here: another reason to put pictures into one set.
Keep out: which picture of a set wins (selection/).
"""
