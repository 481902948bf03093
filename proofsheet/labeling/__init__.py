"""Labels of pictures: objects and scenes.

Holds the modules of this room.
Add here: another kind of label.
Keep out: vectors (embedding/).
"""
