"""From tables to a result of the gate: evidence, published texts, and better texts for refused ones.

Holds `candidates` and `asker`.
Add here: another source of evidence.
Keep out: rules (gate.py) and attempts (attempts.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from proofsheet.core.progress import Progress
from proofsheet.proof import gate
from proofsheet.proof.assemble import (
    assembled,
    described_by,
    describer,
    facts_wrote,
    generated_texts,
    hand_wrote,
    people_wrote,
)
from proofsheet.proof.attempts import AskAgain, GateCandidate
from proofsheet.proof.vocabulary import Vocabulary, mapped
from proofsheet.rules.base import GateInput, Issue
from proofsheet.rules.tokens import words
from proofsheet.storage.workspace import Project
from proofsheet.texts import embedded_describer
from proofsheet.texts.describer import Describer
from proofsheet.texts.edits import edits_of
from proofsheet.texts.inference import answers
from proofsheet.texts.job_results import JobResult
from proofsheet.texts.jobs import CAPTION, TAGS, TITLE, Job, JobRequest, unrepeated
from proofsheet.texts.written_texts import WrittenTexts
from schemas.labels import PhotoLabel, Scene, SeenObject
from schemas.library import Photo
from schemas.proof import FIELDS, MetadataRepair, Texts
from schemas.replies import CaptionReply, TagsReply, TitleReply
from schemas.sets import ImageSet
from schemas.settings.vocabulary import VocabularySettings
from schemas.table import Rows
from schemas.tags import MediaTag
from schemas.vision import ImageQuality
from schemas.words import Answered, Identification

_SURE = 0.3  # probability from which a label of the encoder is evidence
Row = dict[str, Any]
_JOB_OF = {Texts.caption: CAPTION, Texts.alt_text: CAPTION, Texts.title: TITLE, Texts.keywords: TAGS}


def candidates(
    metadata_repaired: Rows[MetadataRepair],
    media_tags: Rows[MediaTag],
    photos: Rows[Photo],
    image_quality: Rows[ImageQuality],
    scenes: Rows[Scene],
    photo_labels: Rows[PhotoLabel],
    objects: Rows[SeenObject],
    identifications: Rows[Identification],
    image_sets: Rows[ImageSet],
    project: Project,
) -> list[GateCandidate]:
    """The texts of every described photo, in the order of paths, with what the rules compare them with."""
    ids = [Photo.project, Photo.photo_id]
    tags = (
        media_tags.sort(MediaTag.position).group_by(MediaTag.photo_id, maintain_order=True).agg(MediaTag.tag)
    )
    terms = dict(tags.iter_rows())
    sets = {r[ImageSet.folder]: r for r in image_sets.to_dicts()}
    seen, named = _seen(scenes, photo_labels, objects), _named(identifications)
    rows = metadata_repaired.join(photos, on=ids).join(image_quality, on=ids).sort(Photo.path).to_dicts()
    found = []
    for row in rows:
        context = sets.get(row[Photo.folder], {})
        texts = {f: row[f] for f in FIELDS} | {Texts.keywords: terms.get(row[Photo.photo_id], [])}
        said = " ".join(str(context.get(c) or "") for c in (ImageSet.subject, ImageSet.location))
        evidence = (
            embedded_describer.evidence(row)
            | seen.get(row[Photo.photo_id], frozenset())
            | frozenset(words(said))
        )
        by, names = named.get(row[Photo.photo_id], ("", frozenset()))
        evidence |= (
            names if by != row[MetadataRepair.model] else frozenset()
        )  # a model is no evidence for its own words
        folders = (project.name, *PurePosixPath(row[Photo.folder]).parts)
        hint = context.get(ImageSet.hints) or ""
        judged = GateInput(
            row[Photo.photo_id],
            texts,
            row[Photo.file_name],
            folders,
            evidence,
            hint,
            measured=facts_wrote(row[MetadataRepair.sources]),
            by_people=people_wrote(row[MetadataRepair.sources]),
            by_hand=hand_wrote(row[MetadataRepair.sources]),
        )
        found.append(GateCandidate(judged, {n: row[n] for n in MetadataRepair.polars_schema().names()}))
    return found


def _seen(
    scenes: pl.DataFrame, photo_labels: pl.DataFrame, objects: pl.DataFrame
) -> dict[str, frozenset[str]]:
    """Words by photo that the encoder, the network of labels or the detector supports."""
    found: dict[str, set[str]] = {}
    for row in scenes.to_dicts():
        said = [s["label"] for s in row[Scene.labels] if s["probability"] >= _SURE]
        found.setdefault(row[Scene.photo_id], set()).update(w for t in said for w in words(t))
    for row in photo_labels.filter(pl.col(PhotoLabel.score) >= _SURE).to_dicts():
        found.setdefault(row[PhotoLabel.photo_id], set()).update(words(row[PhotoLabel.label]))
    for row in objects.to_dicts():
        found.setdefault(row[SeenObject.photo_id], set()).update(
            w for o in row[SeenObject.objects] for w in words(o["label"])
        )
    return {photo: frozenset(said) for photo, said in found.items()}


def _named(identifications: pl.DataFrame) -> dict[str, tuple[str, frozenset[str]]]:
    """Photo to the model that identified it, and the words on which its identifiers agree."""
    agreed = identifications.filter(pl.col(Identification.how) == "two agree").to_dicts()
    return {
        r[Identification.photo_id]: (r[Answered.model], frozenset(words(r[Identification.consensus])))
        for r in agreed
    }


@dataclass(frozen=True)
class Asker:
    """Requests new texts for refused fields.

    It gives the reasons in general words, and assembles the texts again.

    Attributes:
        latest: photo to its latest texts: what became better in one round stays so in the next.
        requests: photo to its question.
        written: photo to what people wrote into its file or sidecar.
        describing: who answers.
        project: its ledger keeps answers and strikes.
        vocabulary: of the settings, or None.
        rules: over the keywords of a picture.
        now: time of the answers (UTC, no zone).
        progress: called after every answer.
    """

    latest: dict[str, GateCandidate]
    requests: Mapping[str, JobRequest]
    written: Mapping[str, WrittenTexts]
    describing: Describer
    project: Project
    vocabulary: Vocabulary | None
    rules: VocabularySettings
    now: datetime
    progress: Progress

    def __call__(self, refused: Mapping[str, Sequence[Issue]], number: int) -> dict[str, GateCandidate]:
        """New candidates for the refused photos that a model wrote for."""
        edits = edits_of(self.project.ledger)
        answered: dict[str, dict[str, JobResult]] = {}
        for job in (CAPTION, TITLE, TAGS):
            wanted = [
                q for photo, issues in refused.items() if (q := self._question(job, photo, issues, number))
            ]
            told = (
                answers(
                    job,
                    wanted,
                    self.describing,
                    self.project,
                    self.now,
                    self.progress,
                    self.requests.values(),
                )[0]
                if wanted
                else []
            )
            for one in told:
                if one.reply is not None:
                    answered.setdefault(one.request.photo_id, {})[job.name] = one
        better = {
            photo: self._candidate(photo, told, edits.get(photo, {})) for photo, told in answered.items()
        }
        self.latest.update(better)
        return better

    def _question(self, job: Job, photo: str, issues: Sequence[Issue], number: int) -> JobRequest | None:
        """The job's question with the meaning of the broken rules.

        It has no names and no texts of the project.
        """
        own = described_by(self.latest[photo].row[MetadataRepair.sources])
        about = [i for i in issues if i.field in own and _JOB_OF[i.field] is job]
        by_person = not issues and any(_JOB_OF[field] is job for field in own)
        if (
            photo not in self.requests
            or not (about or by_person)
            or not all(gate.RULES[i.rule].of_the_text for i in issues)
        ):
            return None
        meant = " ".join(sorted({f"{i.field}: {gate.RULES[i.rule].meaning}" for i in about}))
        why = f"What must hold: {meant}" if meant else "It was rejected in review."
        again = f"An earlier answer was refused (attempt {number}). {why} Answer in other words."
        asked = self.requests[photo]
        values = {**asked.values, "again": again} | ({"tags": "none"} if job is TAGS else {})
        return replace(asked, values=values, alone=True)

    def _candidate(
        self, photo: str, told: Mapping[str, JobResult], edits: Mapping[str, Row]
    ) -> GateCandidate:
        before = self.latest[photo]
        generated, by = generated_texts(before.row), described_by(before.row[MetadataRepair.sources])
        for one in told.values():
            texts = _texts(one)
            generated |= texts
            by |= dict.fromkeys(texts, describer(one.columns))
        last = next(iter(told.values()))
        answer = {
            Answered.photo_id: photo,
            **{n: last.columns[n] for n in (Answered.model, Answered.wanted_model)},
        }
        answer |= {n: last.columns[n] for n in (Answered.model_digest, Answered.backend)}
        versions = " + ".join(str(t.columns[Answered.prompt_version]) for t in told.values())
        row = assembled(
            self.project.key, answer, generated, by, f"{versions} (again)", edits, self.written.get(photo, {})
        )
        terms = before.input.texts[Texts.keywords]
        if TAGS.name in told:  # written by the describer: manual keywords are not requested again
            terms = mapped(row[Texts.keywords], [], self.vocabulary, self.rules).terms
        texts = {f: row[f] for f in FIELDS} | {Texts.keywords: terms}
        measured = facts_wrote(row[MetadataRepair.sources])
        return GateCandidate(replace(before.input, texts=texts, measured=measured), row)


def _texts(told: JobResult) -> dict[str, Any]:
    reply = told.reply
    if isinstance(reply, CaptionReply):
        return {Texts.caption: reply.caption, Texts.alt_text: reply.alt_text}
    if isinstance(reply, TitleReply):
        return {Texts.title: reply.title}
    return {Texts.keywords: unrepeated(reply.tags_normalized)} if isinstance(reply, TagsReply) else {}


def asker(asking: Asker) -> AskAgain | None:
    """The function that `prove` asks, counting its rounds; None if only measurements could answer."""
    if asking.describing.choice.server is None:
        return None
    rounds = iter(range(1, 100))
    return lambda refused: asking(refused, next(rounds))
