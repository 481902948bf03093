"""When, and from what: one file a group of the graph.

Holds thin assets; a body reads, calls verbs, returns rows.
Add here: an asset of about five lines in the file of its group.
Keep out: logic (proofsheet/) and settings (schemas/settings/).
"""
