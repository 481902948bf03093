"""Asking models: clients of model servers, jobs, prompts, replies, their cache and their cost; and texts that people write.

Holds the modules of this room.
Add here: another job or server.
Keep out: whether a text may be published (rules/, proof/).
"""
