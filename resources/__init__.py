"""Things we talk to, as Dagster resources of a few lines each.

Holds store, photo files, rules and progress.
Add here: another thing outside.
Keep out: what is done with it (proofsheet/).
"""
