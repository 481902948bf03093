"""The application: definitions, automation and the command line.

Holds what wires assets and resources together.
Add here: a job, a sensor, a command.
Keep out: logic that needs no Dagster (proofsheet/).
"""
