"""Programs that measure: limit, peer and project in one run.

Holds speed (`python -m benchmarks`) and quality (`python -m benchmarks.grouping`).
Add here: a program for another promise.
Keep out: tests; nothing here passes or fails by a clock.
"""
