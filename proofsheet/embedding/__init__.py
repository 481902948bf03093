"""Vectors of pictures: encoders, their weights, and vectors from elsewhere.

Holds the modules of this room.
Add here: another encoder.
Keep out: what is found by vectors (grouping/, labeling/).
"""
