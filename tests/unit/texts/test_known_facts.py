"""What a question tells of a picture beside its pixels."""

from __future__ import annotations

from datetime import datetime

from proofsheet.texts.known_facts import (
    answer_lines,
    distance_lines,
    file_lines,
    known_text,
    scan_line,
    written_lines,
)
from schemas.library import ExifFact
from schemas.written import WrittenMetadata

ROW = {
    ExifFact.make: "Maker",
    ExifFact.model: "One",
    ExifFact.focal_length_mm: 35.0,
    ExifFact.f_number: 2.8,
    ExifFact.exposure_s: 0.004,
    ExifFact.iso: 200,
    ExifFact.taken_at: datetime(2024, 5, 1, 14, 3),
    ExifFact.latitude_deg: 48.2,
    ExifFact.longitude_deg: 16.3,
}


def test_the_file_tells_time_and_camera_and_never_the_place() -> None:
    lines = file_lines(ROW, None)
    assert lines == ["Taken: 2024-05-01 14:03", "Camera: Maker One, 35 mm, f/2.8, 1/250 s, ISO 200"]


def test_what_a_person_wrote_elsewhere_is_told_without_names_and_places() -> None:
    row = {
        WrittenMetadata.title: "Heron",
        WrittenMetadata.description: "At the\nlake\x07",
        WrittenMetadata.keywords: ["bird", "Marie Curie"],
        WrittenMetadata.hierarchical_keywords: ["People|Marie Curie", "animal|bird"],
        WrittenMetadata.city: "Husum",
        WrittenMetadata.creators: ["Zoë"],
        WrittenMetadata.rating: 5.0,
    }
    told = ["Title by people: Heron", "Description by people: At the lake", "Keywords by people: bird"]
    assert written_lines(row) == told
    assert written_lines({}) == []
    assert written_lines({**row, WrittenMetadata.rating: 1.0}) == told  # stars ask no question again


def test_the_prompt_of_a_generated_picture_is_one_bounded_line_without_control_characters() -> None:
    (line,) = file_lines({}, "a fox\x07\nin the  snow " + "x" * 5000)
    assert line.startswith("Prompt that it was generated from: a fox in the snow xxx")
    assert len(line) < 1300


def test_caption_tags_scan_and_distance_are_told_and_what_is_unknown_is_not() -> None:
    assert answer_lines("A fox.", ["fox", "snow"], None) == ["Caption: A fox.", "Tags: fox, snow"]
    assert [scan_line(flag) for flag in ("yes", "unknown")] == ["It is a scan of paper or film.", ""]
    assert distance_lines([(2, 3)]) == ["Picture 2: its hash differs in 3 of 64 bits"]
    assert known_text(["", ""]) == ""
    assert known_text(["", "It is no scan."]).endswith("\n- It is no scan.")
