"""The review app: pages on which you check pictures and texts.

Holds the server, its API and its pages.
Add here: a page, and the calls that it makes.
Keep out: the meaning of a decision (proofsheet/review/) and the guard (guard.py).
"""
