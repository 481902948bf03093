"""The files: what there is, and what they say of themselves.

Holds scanning and EXIF.
Add here: another thing read from files.
Keep out: pixels (vision/).
"""
