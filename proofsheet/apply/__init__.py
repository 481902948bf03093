"""Files into their places: plan, journal, moves, crops, undo.

Holds the modules of this room.
Add here: another kind of move.
Keep out: sending files away (publish/).
"""
