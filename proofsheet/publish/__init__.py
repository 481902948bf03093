"""What leaves: copies, exports, sidecars, uploads to targets.

Holds the modules of this room.
Add here: another export or target.
Keep out: moves within the library (apply/).
"""
