"""The documentation, and what generates its tables.

Holds the pages.
Add here: one page a step.
Keep out: figures without the command that made them.
"""
