"""The base of everything: errors, files, clock, locks, progress, worker processes, settings.

Holds the modules of this room.
Add here: what has no subject of its own and imports no other room.
Keep out: anything about pictures, texts, choices, tables.
"""
