"""The rules of the gate: each a function with an id, and every objection with field, span and message.

Holds one module a kind of objection.
Add here: a rule, and its line in `RULES` of gate.py.
Keep out: word lists (lists/) and what follows from a verdict (proof.py).
"""
