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
from proofsheet.texts.edits import as_text, edits_of, merged
from proofsheet.texts.picture_facts import PEOPLE
from schemas.facts import WordEdit
from schemas.proof import FIELDS, MetadataRepair, Texts
from schemas.table import Table
from schemas.words import Answered, Caption, TagSet, Title

Row = dict[str, Any]
_GENERATED = {Texts.title: MetadataRepair.generated_title, Texts.caption: MetadataRepair.generated_caption}
_GENERATED |= {
    Texts.alt_text: MetadataRepair.generated_alt_text,
    Texts.keywords: MetadataRepair.generated_keywords,
}


def repaired_rows(
    project: str, captions: pl.DataFrame, titles: pl.DataFrame, tag_sets: pl.DataFrame, ledger: Ledger
) -> pl.DataFrame:
    """The rows of `metadata_repaired`: every photo with a caption.

    Args:
        project: partition key.
        captions: rows of `captions`.
        titles: rows of `titles`.
        tag_sets: rows of `tag_sets`.
        ledger: holds what people wrote.
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
        rows.append(
            assembled(project, row, texts, " + ".join(v for v in versions if v), edits.get(photo, {}))
        )
    return MetadataRepair.frame(rows)


def assembled(
    project: str,
    answer: Mapping[str, Any],
    generated: Mapping[str, Any],
    prompts: str,
    edits: Mapping[str, Row],
) -> Row:
    """One row: the describer's texts repaired, and people's words as they wrote them.

    Args:
        project: partition key.
        answer: the row of `captions`; it names the describer.
        generated: field to text as generated.
        prompts: versions of the prompts.
        edits: field to its last change.
    """
    mended, changes = repair.repair(generated)
    sources = {}
    for field in FIELDS:
        edit = edits.get(field)
        if edit is None or edit[WordEdit.value] is None:
            sources[field] = "model"
            continue
        mended[field] = _written(field, mended[field], edit)
        sources[field] = edit[WordEdit.source] + (" (locked)" if edit[WordEdit.locked] else "")
    names = (Answered.model, Answered.wanted_model, Answered.model_digest, Answered.backend)
    return {
        Table.project: project,
        MetadataRepair.photo_id: answer[Answered.photo_id],
        **{_GENERATED[f]: generated[f] for f in FIELDS},
        **{f: mended[f] for f in FIELDS},
        MetadataRepair.changes: [vars(c) for c in changes if sources[c.field] == "model"],
        MetadataRepair.sources: ", ".join(f"{f}={s}" for f, s in sources.items()),
        **{n: answer[n] or "" for n in names},
        MetadataRepair.prompt_version: prompts,
        MetadataRepair.repair_version: f"{repair.VERSION} {module_version(repair.__name__)}",
    }


def _written(field: str, generated: Any, edit: Row) -> Any:  # noqa: ANN401 - text or keywords
    if field != Texts.keywords:
        return edit[WordEdit.value]
    base = json.loads(edit[WordEdit.base]) if edit[WordEdit.base] else []
    return merged(generated, base, json.loads(edit[WordEdit.value]), locked=bool(edit[WordEdit.locked]))


def generated_texts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Field to text as generated, from a row of `metadata_repaired`."""
    return {f: row[_GENERATED[f]] for f in FIELDS}


def same_text(one: Any, two: Any) -> bool:  # noqa: ANN401 - text or keywords
    """Whether two values of a field are equal."""
    return as_text(one) == as_text(two)


def people_wrote(sources: str) -> frozenset[str]:
    """The fields that people wrote, here or in another program, from the column `sources`."""
    pairs = (part.partition("=") for part in sources.split(", "))
    return frozenset(field for field, _is, source in pairs if source.split(" ")[0] in PEOPLE)
