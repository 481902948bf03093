from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
from PIL import Image

from proofsheet.imaging.image_quality import image_quality
from proofsheet.models.features import SetFeatures
from proofsheet.models.ranker import MEASURE_COLUMNS, Ranker
from proofsheet.selection.predict import _picks
from schemas.faces import Face
from tests.support.kit import opened, pixels

WIDTH = 1 + max(k for columns in MEASURE_COLUMNS for k in columns)


class Unsure:
    """A ranker that holds every picture of a set for equally probable."""

    members = SimpleNamespace(
        inputs=lambda features: np.zeros((*features.mask.shape, WIDTH)),
        net=SimpleNamespace(mean=np.zeros(WIDTH), scores=lambda x: x.sum(axis=2)),
    )

    def probabilities(self, features: SetFeatures, temperature: float, groups: object) -> Any:
        return features.mask / features.mask.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("stages", "chosen"),
    [((None, None, None), "clean"), ((2.0, 2.0, 2.0), "clean"), ((1.0, 2.0, 1.0), "noisy")],
)
def test_an_unsure_ranker_leaves_the_technically_best_of_the_highest_stage(
    tmp_path: Path, stages: tuple[float | None, ...], chosen: str
) -> None:
    plain = pixels(1, 400, 300)
    noise = np.random.default_rng(0).normal(0, 30, plain.shape)
    spoilt = np.clip(plain + noise, 0, 255).astype(np.uint8)
    rows: list[dict[str, Any]] = []
    for name, values in (("clean", plain), ("noisy", spoilt), ("noisier", spoilt)):
        Image.fromarray(values).save(tmp_path / f"{name}.png")
        rows.append({"project": "p", "photo_id": name, **image_quality(opened(tmp_path / f"{name}.png"))})
    assert rows[1]["sharpness"] > rows[0]["sharpness"]
    ids: dict[str, Any] = {"project": ["p"] * 3, "photo_id": [r["photo_id"] for r in rows]}
    photos = pl.DataFrame(
        {**ids, "stage": stages, "content_hash": ids["photo_id"]}, schema_overrides={"stage": pl.Float64}
    )
    groups = pl.DataFrame({**ids, "group_id": "g", "group_size": 3, "keep_all": False, "position": [0, 1, 2]})
    quality = pl.DataFrame(rows, schema_overrides={"sharpness_tiles": pl.Array(pl.Float32, 64)})
    vectors = pl.DataFrame(
        {**ids, "encoder_id": "e", "vector": [[1.0]] * 3}, schema_overrides={"vector": pl.List(pl.Float32)}
    )
    serving = {"temperature": 1.0, "overrule_at": 0.9, "calibration": "all projects", "fit_id": "0" * 12}
    ((name, choice),) = _picks(
        cast(Ranker, Unsure()), "p", serving, groups, photos, quality, vectors, Face.frame()
    )
    assert (name, choice.photo_id, choice.overruled) == ("g", chosen, False)
