"""The commands, one module each.

Holds what people type.
Add here: a module with one click command; name it in cli.py.
Keep out: logic (proofsheet/) and Dagster imports at module level: `status` must start fast.
"""
