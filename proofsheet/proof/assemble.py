"""The texts of a photo put together: what the jobs gave, what people wrote, and repair.

Holds `repaired_rows`, `assembled`, and who wrote a field.
Add here: another source of a field.
Keep out: verdicts (attempts.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from proofsheet.rules import repair
from proofsheet.storage.code_version import module_version
from proofsheet.storage.ledger import Ledger
from proofsheet.texts.edits import edits_of, merged
from proofsheet.texts.embedded_describer import BACKEND
from proofsheet.texts.picture_facts import PEOPLE
from proofsheet.texts.written_texts import WrittenTexts
from schemas.edits import WordEdit
from schemas.library import GenerationFact
from schemas.proof import FIELDS, MetadataRepair, Texts
from schemas.table import Table
from schemas.words import Answered, Caption, TagSet, Title
from schemas.written import WrittenMetadata

Row = dict[str, Any]
_GENERATED = {Texts.title: MetadataRepair.generated_title, Texts.caption: MetadataRepair.generated_caption}
BY_MODEL, BY_FACTS, BY_PROMPT = "model", "known facts", "prompt"
BY_OTHERS = "words of the file"  # facts among which are words of another program
HAND, LOCKED = "human", " (locked)"
_DESCRIBERS = frozenset([BY_MODEL, BY_FACTS, BY_PROMPT, BY_OTHERS])
_PROMPT = f"{GenerationFact.name}.{GenerationFact.prompt}"
_GENERATED |= {
    Texts.alt_text: MetadataRepair.generated_alt_text,
    Texts.keywords: MetadataRepair.generated_keywords,
}


def repaired_rows(
    project: str,
    captions: pl.DataFrame,
    titles: pl.DataFrame,
    tag_sets: pl.DataFrame,
    ledger: Ledger,
    written: Mapping[str, WrittenTexts],
) -> pl.DataFrame:
    """The rows of `metadata_repaired`: every photo with a caption.

    Args:
        project: partition key.
        captions: rows of `captions`.
        titles: rows of `titles`.
        tag_sets: rows of `tag_sets`.
        ledger: holds what people wrote here.
        written: photo to what people wrote into its file or sidecar.
    """
    title = {r[Answered.photo_id]: r for r in titles.to_dicts()}
    tags = {r[Answered.photo_id]: r for r in tag_sets.to_dicts()}
    edits = edits_of(ledger)
    rows = []
    for row in captions.filter(pl.col(Answered.status) == "answered").to_dicts():
        photo = row[Answered.photo_id]
        texts = {
            Texts.title: title.get(photo, {}).get(Title.title) or "",
            Texts.caption: row[Caption.caption] or "",
            Texts.alt_text: row[Caption.alt_text] or "",
            Texts.keywords: tags.get(photo, {}).get(TagSet.tags_normalized) or [],
        }
        versions = [r[Answered.prompt_version] for r in (row, title.get(photo), tags.get(photo)) if r]
        asked = {Texts.title: title.get(photo), Texts.keywords: tags.get(photo)}
        by = {field: describer(asked.get(field) or row) for field in FIELDS}
        prompts = " + ".join(v for v in versions if v)
        rows.append(assembled(project, row, texts, by, prompts, edits.get(photo, {}), written.get(photo, {})))
    return MetadataRepair.frame(rows)


def describer(answered: Mapping[str, Any]) -> str:
    """Who wrote a field: a model that sees, or the known facts, of which some are words of others."""
    if answered[Answered.backend] != BACKEND:
        return BY_MODEL
    columns = (answered[Answered.made_from] or "").split(", ")
    if _PROMPT in columns:
        return BY_PROMPT
    return BY_OTHERS if any(c.startswith(f"{WrittenMetadata.name}.") for c in columns) else BY_FACTS


def assembled(
    project: str,
    answer: Mapping[str, Any],
    generated: Mapping[str, Any],
    by: Mapping[str, str],
    prompts: str,
    edits: Mapping[str, Row],
    written: WrittenTexts,
) -> Row:
    """One row: the describer's texts repaired, and people's words as they wrote them.

    What people wrote here counts first, then what they wrote into a file or sidecar, then other texts.

    Args:
        project: partition key.
        answer: the row of `captions`; it names the describer.
        generated: field to text as generated.
        by: field to who wrote it, see `describer`; a model where it is missing.
        prompts: versions of the prompts.
        edits: field to its last change.
        written: field to what people wrote into the file or sidecar.
    """
    mended, changes = repair.repair(generated)
    sources = {}
    for field in FIELDS:
        edit = edits.get(field)
        if edit is None or edit[WordEdit.value] is None or _stands_below(edit, field, written):
            mended[field], sources[field] = _unedited(field, mended[field], by, written)
            continue
        mended[field] = _written(field, mended[field], edit)
        sources[field] = edit[WordEdit.source] + (LOCKED if edit[WordEdit.locked] else "")
    names = (Answered.model, Answered.wanted_model, Answered.model_digest, Answered.backend)
    return {
        Table.project: project,
        MetadataRepair.photo_id: answer[Answered.photo_id],
        **{_GENERATED[f]: generated[f] for f in FIELDS},
        **{f: mended[f] for f in FIELDS},
        MetadataRepair.changes: [vars(c) for c in changes if sources[c.field] in _DESCRIBERS],
        MetadataRepair.sources: ", ".join(f"{f}={s}" for f, s in sources.items()),
        **{n: answer[n] or "" for n in names},
        MetadataRepair.prompt_version: prompts,
        MetadataRepair.repair_version: f"{repair.VERSION} {module_version(repair.__name__)}",
    }


def _stands_below(edit: Row, field: str, written: WrittenTexts) -> bool:
    """Whether an edit by a program gives way to what people wrote into the file or sidecar."""
    return edit[WordEdit.source] not in PEOPLE and field in written


def _unedited(field: str, generated: Any, by: Mapping[str, str], written: WrittenTexts) -> tuple[Any, str]:  # noqa: ANN401 - text or keywords
    """The value of a field that nobody edited here, and its source."""
    if (own := written.get(field)) is not None:
        return own.value, f"{HAND} in {own.place}"
    return generated, by.get(field, BY_MODEL)


def _written(field: str, generated: Any, edit: Row) -> Any:  # noqa: ANN401 - text or keywords
    if field != Texts.keywords:
        return edit[WordEdit.value]
    base = json.loads(edit[WordEdit.base]) if edit[WordEdit.base] else []
    return merged(generated, base, json.loads(edit[WordEdit.value]), locked=bool(edit[WordEdit.locked]))


def generated_texts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Field to text as generated, from a row of `metadata_repaired`."""
    return {f: row[_GENERATED[f]] for f in FIELDS}


def people_wrote(sources: str) -> frozenset[str]:
    """The fields that people wrote, here or in another program, from the column `sources`."""
    return frozenset(f for f, source in sources_of(sources).items() if source.split(" ")[0] in PEOPLE)


def hand_wrote(sources: str) -> frozenset[str]:
    """The fields of which you wrote every word here; keywords that are not locked take a model's too.

    A program may have filled what is in a file or sidecar.
    """
    hand = (f for f, source in sources_of(sources).items() if source in (HAND, HAND + LOCKED))
    return frozenset(f for f in hand if f != Texts.keywords or LOCKED in sources_of(sources)[f])


def written_elsewhere(sources: str) -> frozenset[str]:
    """The fields that people wrote into the file or sidecar, from the column `sources`."""
    return frozenset(f for f, source in sources_of(sources).items() if source.startswith(f"{HAND} in "))


def facts_wrote(sources: str) -> frozenset[str]:
    """The fields that known facts alone fill, in the words of a template, from the column `sources`."""
    return frozenset(field for field, source in sources_of(sources).items() if source == BY_FACTS)


def described_by(sources: str) -> dict[str, str]:
    """Field to who wrote it, of those that a describer wrote and nobody changed."""
    return {field: source for field, source in sources_of(sources).items() if source in _DESCRIBERS}


def sources_of(sources: str) -> dict[str, str]:
    """Field to its source, from the column `sources`."""
    pairs = (part.partition("=") for part in sources.split(", "))
    return {field: source for field, _is, source in pairs if field}
