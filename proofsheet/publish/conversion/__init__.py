"""Conversion: new files of pictures in another format, with upright pixels, colours and metadata.

Holds one module a step: plan, losses, pixels, metadata, coding, writing.
Add here: another step, or a format in formats.py.
Keep out: copies without private data (publish/embedded_metadata.py).
"""
