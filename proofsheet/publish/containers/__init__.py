"""Containers of published copies, one module each.

A copy is built from the visible picture, and read back part by part.

Holds one module a container.
Add here: another container, with both functions `rebuilt` and `parts`, and a line in `CONTAINERS` of
embedded_metadata.py.
Keep out: what is written into a copy (publish/copied_fields.py) and when it may go
(publish/embedded_metadata.py).
"""
