"""Verbs: plain functions and small classes over the tables of `schemas`.

Holds the areas library, vision, words and publish, and the modules that all of them may use.
Add here: a module that several areas need.
Keep out: Dagster.
"""
