"""Fitting models on choices: data sets, splits, fits, evaluation, cards, promotion.

Holds the modules of this room.
Add here: another fit or its evaluation.
Keep out: prediction (models/).
"""
