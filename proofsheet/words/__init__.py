"""Words about pictures: written, judged, proved.

Holds the embedded describer, the gate and the proof.
Add here: another describer, another rule.
Keep out: pixels (vision/).
"""
