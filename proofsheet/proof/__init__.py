"""The publish gate over all pictures: assembled texts, attempts, states, proof rows, evaluation.

Holds the modules of this room.
Add here: another step between a text and its publication.
Keep out: the rules themselves (rules/).
"""
