"""Talking to model servers: the only place that speaks HTTP.

Holds the Protocol, the Ollama and the OpenAI-compatible client, patience with both, and the choice between
them.
Add here: another kind of server.
Keep out: what is asked (jobs) and what follows (texts/inference.py).
"""
