"""Nouns: what the data is.

Holds every table, every settings class and every reply format, declared once.
Add here: a new table in the module of its subject.
Keep out: anything that reads, computes or imports Dagster.
"""
