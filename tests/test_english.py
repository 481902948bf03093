"""The English of pages, helps, templates, messages and docstrings: short sentences, words of the trade."""

from __future__ import annotations

import pytest

from tests.support.english import AREAS, AVOIDED, Wording, findings, found_in


@pytest.mark.parametrize("wording", AVOIDED, ids=lambda w: w.pattern[:30])
def test_an_avoided_wording_is_found_and_what_replaces_it_is_not(wording: Wording) -> None:
    assert wording in [w for w, _match in found_in(wording.example)]
    assert not found_in(wording.instead)


@pytest.mark.parametrize("area", AREAS)
def test_an_area_has_no_avoided_wording(area: str) -> None:
    assert not [str(f) for f in findings(area)]
