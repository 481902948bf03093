"""Folders: which files are there, which go together, what changed, what is refused.

Holds the modules of this room.
Add here: another fact about a file's name, place or state.
Keep out: what is in the file (imaging/, metadata/).
"""
