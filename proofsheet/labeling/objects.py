"""Objects: the detector as a model that looks at previews.

Holds `object_model`.
Add here: another value of a detection.
Keep out: detectors.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from proofsheet.imaging.scaling import Pixels
from proofsheet.labeling.detectors import Detections, Detector
from proofsheet.labeling.preview_models import PreviewModel, Read
from schemas.labels import SeenObject


def object_model(detector: Detector) -> PreviewModel:
    """What fills `objects`.

    Args:
        detector: the detector of the settings.
    """

    def load() -> Read:
        model = detector.load()

        def read(rgb: Pixels) -> dict[str, object]:
            return {SeenObject.objects: list(_objects(model.detect(rgb), detector))}

        return read

    return PreviewModel(
        SeenObject,
        SeenObject.detected_by,
        detector.name,
        repr(detector.settings),
        "detected",
        {SeenObject.objects: []},
        load,
        detector.note,
    )


def _objects(found: Detections, detector: Detector) -> Iterable[dict[str, object]]:
    order = [
        k for k in np.argsort(-found.scores, kind="stable") if found.scores[k] >= detector.settings.min_score
    ]
    for k in order[: detector.settings.most]:
        number = int(found.classes[k])
        label = detector.labels[number] if 0 <= number < len(detector.labels) else f"class {number}"
        sides = np.clip(found.boxes[k], 0.0, 1.0).tolist()
        yield {
            "label": label,
            "score": float(found.scores[k]),
            **dict(zip(("left", "top", "right", "bottom"), sides, strict=True)),
        }
