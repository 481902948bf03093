"""Learning whose picture wins and where it is cut, from what a person decided.

Holds history, pairs, models, their judgement and their files.
Add here: what is learnt from decisions.
Keep out: other areas of proofsheet/; they meet in tables.
"""
