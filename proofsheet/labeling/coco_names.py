"""Names of the categories of COCO (Lin et al., 2014), by number.

Holds `COCO_NAMES`.
Add here: nothing; other lists are files of the user (`[objects] labels`).
Keep out: detectors.
"""

from __future__ import annotations

# "N/A" is a number that the published annotations leave out.
_NAMES = """
    __background__, person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light,
    fire hydrant, N/A, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear,
    zebra, giraffe, N/A, backpack, umbrella, N/A, N/A, handbag, tie, suitcase, frisbee, skis, snowboard,
    sports ball, kite, baseball bat, baseball glove, skateboard, surfboard, tennis racket, bottle, N/A,
    wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange, broccoli, carrot, hot dog,
    pizza, donut, cake, chair, couch, potted plant, bed, N/A, dining table, N/A, N/A, toilet, N/A, tv, laptop,
    mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink, refrigerator, N/A, book, clock, vase,
    scissors, teddy bear, hair drier, toothbrush
"""
COCO_NAMES = tuple(" ".join(name.split()) for name in _NAMES.split(","))
