"""Learned models as they predict: features, ranker, crops, scenes, calibration, their files and registry.

Holds the modules of this room.
Add here: another model's prediction.
Keep out: fitting (training/).
"""
