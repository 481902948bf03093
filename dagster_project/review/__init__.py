"""The review app: pages on which everything is judged by eye.

Holds the server, its API and its pages.
Add here: a page, and the calls that it makes.
Keep out: what a verdict means (proofsheet/review/) and the guard (guard.py).
"""
