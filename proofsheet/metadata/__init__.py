"""What files say about themselves: EXIF, XMP, C2PA, and the texts of programs that generate pictures.

Holds the modules of this room.
Add here: another program's or camera's form.
Keep out: pixels (imaging/).
"""
