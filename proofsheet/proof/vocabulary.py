"""The project's vocabulary: free keywords become its terms, and the others are listed.

Holds `Vocabulary`, `read_vocabulary` and `tag_rows`.
Add here: another rule over keywords of a picture.
Keep out: repair of keywords (repair.py).

A vocabulary is a text file as Lightroom exports it: one term a line, indented by tabs below its broader term,
{synonyms} in braces below their term, [terms] in brackets only order others and are never given.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.core.errors import UsageError
from proofsheet.proof.assemble import written_elsewhere
from proofsheet.storage.workspace import Project
from proofsheet.texts.edits import edits_of
from schemas.edits import WordEdit
from schemas.proof import MetadataRepair, Texts
from schemas.settings.vocabulary import VocabularySettings
from schemas.tags import MediaTag, Tag, UnmappedTerm
from schemas.words import TagSet

_MOST_LINES = 200_000
Row = dict[str, Any]


@dataclass
class Vocabulary:
    """Terms, their broader terms, and other words for them.

    Attributes:
        broader: term to its broader terms, broadest first.
        names: word in lower case to term.
    """

    broader: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def term(self, word: str) -> str | None:
        """The term for a word: the same, a synonym, or its singular."""
        plain = word.casefold().strip()
        forms = [plain, plain.removesuffix("s"), plain.removesuffix("es"), plain.removesuffix("ies") + "y"]
        return next((self.names[f] for f in forms if f in self.names), None)

    def path(self, term: str) -> str | None:
        """Broader terms and the term, joined by |."""
        return "|".join([*self.broader[term], term]) if term in self.broader else None


def read_vocabulary(path: Path) -> Vocabulary:
    """A vocabulary from its file.

    Raises:
        UsageError: if it cannot be read, a line is indented below nothing, or two terms share a name.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()[:_MOST_LINES]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The vocabulary {path} cannot be read: {error}.", "Correct [vocabulary] file."
        ) from error
    found, above = Vocabulary(), list[str]()
    for number, line in enumerate(lines, start=1):
        depth, word = len(line) - len(line.lstrip("\t")), line.strip()
        if not word:
            continue
        if depth > len(above):
            raise UsageError(
                f"{path}, line {number}: {word!r} is indented below nothing.", "Use one tab a level."
            )
        if word.startswith("{"):
            _name(found, word.strip("{}").strip(), above[depth - 1], path, number)
            continue
        term = word.strip("[]")
        del above[depth:]
        if not word.startswith("["):
            found.broader[term] = tuple(t for t in above if t in found.broader)
            _name(found, term, term, path, number)
        above.append(term)
    return found


def _name(found: Vocabulary, word: str, term: str, path: Path, number: int) -> None:
    if found.names.setdefault(word.casefold(), term) != term:
        raise UsageError(
            f"{path}, line {number}: {word!r} is already a name of {found.names[word.casefold()]!r}.",
            "Keep one of the two.",
        )


@dataclass(frozen=True)
class Mapped:
    """Keywords of one picture in the vocabulary, and what did not fit: term to reason."""

    terms: list[str]
    left: dict[str, str]


def mapped(
    keywords: Sequence[str],
    locked: Sequence[str],
    vocabulary: Vocabulary | None,
    settings: VocabularySettings,
) -> Mapped:
    """Map the keywords of one picture.

    Args:
        keywords: repaired, the most specific first.
        locked: those set by hand; they do not change.
        vocabulary: None takes every keyword.
        settings: what is required, excluded, and how many there may be.
    """
    kept = list[str]()
    left = dict[str, str]()
    own = {w.casefold() for w in locked}
    excluded = {w.casefold() for w in settings.excluded}
    for word in keywords:
        term = word if word.casefold() in own or vocabulary is None else vocabulary.term(word)
        if term is None:
            left[word] = "not in the vocabulary"
        elif term.casefold() in excluded and term.casefold() not in own:
            left[word] = "excluded"
        elif term.casefold() not in {k.casefold() for k in kept}:
            kept.append(term)
    if settings.add_broader and vocabulary is not None:
        kept += [b for t in list(kept) for b in reversed(vocabulary.broader.get(t, ())) if b not in kept]
        kept = list(dict.fromkeys(kept))
    left |= dict.fromkeys(kept[settings.most :], "too many")
    kept = kept[: settings.most]
    if len(kept) < settings.least:
        left[f"({len(kept)} of {settings.least})"] = "too few"
    if settings.required and not {k.casefold() for k in kept} & {r.casefold() for r in settings.required}:
        left[f"({' | '.join(settings.required)})"] = "required is missing"
    return Mapped(kept, left)


def tag_rows(
    project: Project,
    repaired: pl.DataFrame,
    tag_sets: pl.DataFrame,
    named: Mapping[str, str],
    vocabulary: Vocabulary | None,
    settings: VocabularySettings,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The rows of `media_tags`, `unmapped_terms` and `tags`.

    Args:
        project: the project of the rows; its ledger holds the keywords that were set by hand.
        repaired: rows of `metadata_repaired`.
        tag_sets: rows of `tag_sets`, with the confidence of the model.
        named: photo to what identifiers agree on; it comes last, and never into locked keywords.
        vocabulary: of the settings, or None.
        settings: rules over the keywords of a picture.
    """
    edits = {photo: fields.get(Texts.keywords) for photo, fields in edits_of(project.ledger).items()}
    sure = {
        r[TagSet.photo_id]: {m["normalized"].casefold(): m["confidence"] for m in r[TagSet.tags_map]}
        for r in tag_sets.to_dicts()
    }
    tags, left, counts = list[Row](), list[Row](), Counter[str]()
    for row in repaired.to_dicts():
        photo, edit = row[MetadataRepair.photo_id], edits.get(row[MetadataRepair.photo_id])
        own = json.loads(edit[WordEdit.value]) if edit and edit[WordEdit.value] else []
        source, locked = (
            (edit[WordEdit.source], bool(edit[WordEdit.locked])) if edit and own else ("model", False)
        )
        if Texts.keywords in written_elsewhere(row[MetadataRepair.sources]):
            own, source, locked = row[Texts.keywords], "human", True
        name = [] if locked or photo not in named else [named[photo]]
        found = mapped([*row[Texts.keywords], *name], own if source == "human" else [], vocabulary, settings)
        counts.update(found.terms)
        said = _sources([("identifier", name), ("model", row[Texts.keywords]), (source, own)], vocabulary)
        for place, term in enumerate(found.terms, start=1):
            who = said.get(term.casefold(), "vocabulary")
            tags.append(
                _tag(project.key, photo, term, place, len(found.terms), who, locked, sure.get(photo, {}))
            )
        names = (UnmappedTerm.project, UnmappedTerm.photo_id, UnmappedTerm.term, UnmappedTerm.reason)
        left += [dict(zip(names, (project.key, photo, *both), strict=True)) for both in found.left.items()]
    known = _known_tags(project.key, counts, vocabulary)
    return MediaTag.frame(tags), UnmappedTerm.frame(left), known


def _known_tags(project: str, counts: Mapping[str, int], vocabulary: Vocabulary | None) -> pl.DataFrame:
    return Tag.frame(
        {
            Tag.project: project,
            Tag.tag: tag,
            Tag.photos: photos,
            Tag.path: vocabulary.path(tag) if vocabulary else None,
        }
        for tag, photos in counts.items()
    )


def _sources(said: Sequence[tuple[str, Sequence[str]]], vocabulary: Vocabulary | None) -> dict[str, str]:
    """Term to its source; the later in the order win."""
    found: dict[str, str] = {}
    for who, words_ in said:
        for word in words_:
            term = vocabulary.term(word) if vocabulary else None
            found |= {t.casefold(): who for t in (word, term) if t}
    return found


def _tag(
    project: str,
    photo: str,
    term: str,
    place: int,
    of: int,
    source: str,
    locked: bool,
    sure: Mapping[str, float],
) -> Row:
    return {
        MediaTag.project: project,
        MediaTag.photo_id: photo,
        MediaTag.tag: term,
        MediaTag.position: place,
        MediaTag.confidence: sure.get(term.casefold()) if source == "model" else None,
        MediaTag.weight: 1.0 - (place - 1) / of,
        MediaTag.locked: locked and source == "human",
        MediaTag.source: source,
    }
