"""What Proofsheet does: plain functions and small classes, in rooms that are named for their work.

Holds the rooms that docs/architecture.md draws.
Add here: a room, with its place among the layers of pyproject.toml.
Keep out: modules outside of a room, and Dagster.
"""
