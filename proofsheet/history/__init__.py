"""Choices made before and elsewhere: files of history, finished folders, vectors without pictures.

Holds the modules of this room.
Add here: another form of history.
Keep out: training on it (training/).
"""
