"""Choosing, and carrying results out.

Holds the decision rule and the exports.
Add here: what follows from measurements and verdicts.
Keep out: measuring (vision/) and texts (words/).
"""
