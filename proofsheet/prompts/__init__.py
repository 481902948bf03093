"""Prompts: Markdown files with a version, one a job.

Holds the texts and how they are read.
Add here: the prompt of another job.
Keep out: what is asked with them (texts/).
"""
