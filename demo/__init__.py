"""The demo: the full pipeline on a small library of real photographs.

Holds what `make demo` runs.
Add here: a set that shows something new.
Keep out: anything that the application needs.
"""
