"""Storage of rows: the store of derived tables, the ledger of facts, the cache, and code versions.

Holds the modules of this room.
Add here: another way to keep or read rows.
Keep out: what the rows mean.
"""
