"""The demo: a small library of real photographs, run the whole way.

Holds what `make demo` runs.
Add here: a set that shows something new.
Keep out: anything that the application needs.
"""
