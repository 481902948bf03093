"""Where a file was before it was moved, whatever its name is now."""

from __future__ import annotations

from proofsheet.library.file_locations import FileLocations

PLACED = FileLocations(
    origins={"selected/trip/a.jpg": "trip/a.jpg"},
    moves={"A": ("selected/trip/a.jpg", "trip/a.jpg"), "B": ("review/b.jpg", "b.jpg")},
)


def test_a_moved_file_has_its_home_also_under_another_name_in_the_same_folder() -> None:
    assert PLACED.home("A", "selected/trip/a.jpg") == "trip/a.jpg"
    assert PLACED.home("A", "selected/trip/best.jpg") == "trip/best.jpg"
    assert PLACED.home("B", "review/other.jpg") == "other.jpg"


def test_elsewhere_it_is_in_place() -> None:
    assert PLACED.home("A", "trip/a.jpg") is None
    assert PLACED.home("A", "selected/a.jpg") is None
    assert PLACED.home("C", "selected/trip/c.jpg") is None
