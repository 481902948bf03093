"""Requests to models: clients of model servers, jobs, replies, their cache and their cost; and manual texts.

Holds the modules of this room.
Add here: another job or server.
Keep out: whether a text may be published (rules/, proof/).
"""
