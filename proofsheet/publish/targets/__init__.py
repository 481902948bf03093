"""Places that published copies go to.

Holds one module a kind of place, what they all are (base.py), and which one a setting means (resolve.py).
Add here: a module with a class that is a `Publisher`, and its scheme in resolve.py.
Keep out: what may be published (uploader.py) and how copies are made (publish/embedded_metadata.py).
"""
