"""Settings: one frozen class a section of `proofsheet.toml`, one file a subject.

Holds the classes that the file, the environment and the Launchpad fill; every field has its meaning.
Add here: a field with a description in the file of its subject, or a file for a new subject.
Keep out: reading of files (proofsheet/core/config.py).
"""
