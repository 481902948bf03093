"""Pixels: decoding, colour, quality, hashes, previews, all in one pass over a file.

Holds the modules of this room.
Add here: another measurement of pixels.
Keep out: what files say about themselves (metadata/), and models (embedding/, labeling/).
"""
