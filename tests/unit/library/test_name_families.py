"""Every naming form keeps its files when its shared name changes."""

from __future__ import annotations

import pytest

from proofsheet.core.errors import UsageError
from proofsheet.library.companions import companions
from proofsheet.library.name_families import name_families
from tests.support.namings_kit import NAMINGS, Naming

LEFT = {"iPhone: edited", "instaloader", "case alone tells"}  # their files cannot be told by another name
NEW = "20200101_120000_X"


@pytest.mark.parametrize("naming", NAMINGS, ids=lambda n: n.by)
def test_files_of_every_form_go_with_the_same_pictures_under_a_new_name(naming: Naming) -> None:
    photos, others = [f"d/{p}" for p in naming.pictures], [f"d/{f}" for f in naming.beside]
    before, now = companions(photos, others), dict[str, str]()
    for number, family in enumerate(name_families(photos, others)):
        if naming.by in LEFT:
            with pytest.raises(UsageError, match="would not go with"):
                family.renamed(NEW)
            return
        now |= family.renamed(f"{NEW}{number}")
    assert len(set(now.values())) == len(now) == len(photos) + len(others)
    after = companions([now[p] for p in photos], [now[f] for f in others])
    assert {p: set(f) for p, f in after.items()} == {now[p]: {now[f] for f in fs} for p, fs in before.items()}


def test_each_file_keeps_what_its_name_adds() -> None:
    files = ["a.jpg.xmp", "a.xmp", "A.CR2", "a_01.CR2.xmp", "NKSC_PARAM/a.jpg.nksc", "._a.jpg"]
    (family,) = name_families(["a.jpg", "a-edited.jpg"], files)
    assert family.stem == "a"
    assert set(family.renamed("b").values()) == {
        *("b.jpg", "b-edited.jpg", "b.jpg.xmp", "b.xmp", "b.CR2", "b_01.CR2.xmp"),
        *("NKSC_PARAM/b.jpg.nksc", "._b.jpg"),
    }


def test_raw_and_jpeg_are_one_family_and_neighbours_are_others() -> None:
    families = name_families(["d/a.CR2", "d/a.jpg", "d/a2.jpg", "e/a.jpg"], [])
    assert sorted(sorted(f.photos) for f in families) == [["d/a.CR2", "d/a.jpg"], ["d/a2.jpg"], ["e/a.jpg"]]
