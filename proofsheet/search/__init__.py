"""Finding photos of a project: by a picture that is like them, by a label, by words.

Holds the modules of this room.
Add here: another way to ask.
Keep out: making vectors (embedding/), labels (labeling/) and texts (texts/).
"""
