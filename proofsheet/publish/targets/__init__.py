"""Places that published copies go to.

Holds one module a kind of place, what they all are (parcel.py), and which one a setting means (named.py).
Add here: a module with a class that is a `Publisher`, and its scheme in named.py.
Keep out: what may be published (publishing.py) and how copies are made (embed.py).
"""
