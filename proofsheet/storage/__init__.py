"""Where rows stay: the store of derived tables, the ledger of facts, the cache, and the versions of what made them.

Holds the modules of this room.
Add here: another way to keep or read rows.
Keep out: what the rows mean.
"""
