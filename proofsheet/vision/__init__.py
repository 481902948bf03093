"""What the pixels say.

Holds measuring, encoding and grouping.
Add here: a measurement over an opened picture, or a rule over measurements.
Keep out: opening files (proofsheet/pictures.py).
"""
