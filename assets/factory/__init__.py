"""How tables become assets: one decorator for tables of a project, one for tables over all projects.

Holds what every asset has: metadata, row checks, freshness, observations of facts.
Add here: what is true of all assets.
Keep out: any one asset (the files of the groups) and logic (proofsheet/).
"""
