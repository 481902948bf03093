"""The kind of thing that a label names."""

from __future__ import annotations

import pytest

from proofsheet.search.label_kinds import with_kind


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("cocker spaniel", "cocker spaniel (dog)"),
        ("Chihuahua", "Chihuahua (dog)"),
        ("yellow lady's slipper", "yellow lady's slipper (flower)"),
        ("daisy", "daisy (flower)"),
        ("bald eagle", "bald eagle (bird)"),
        ("Groenendael dog", "Groenendael dog"),
        ("goldfish", "goldfish (fish)"),
        ("hummingbird", "hummingbird (bird)"),
        ("French bulldog", "French bulldog (dog)"),
        ("motorboat", "motorboat (boat)"),
        ("sea lion", "sea lion"),
        ("sea cucumber", "sea cucumber"),
        ("construction crane", "construction crane"),
        ("spaniel collar", "spaniel collar"),
        ("", ""),
    ],
)
def test_a_label_has_the_kind_of_its_last_words(label: str, told: str) -> None:
    assert with_kind(label) == told
