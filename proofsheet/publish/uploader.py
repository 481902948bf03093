"""Publishing: a picture with accepted and approved texts goes to a target, without private metadata.

Holds `UploadCandidate`, `candidates`, `outlook` and `publish`.
Add here: another condition.
Keep out: the gate and the policy themselves (rules/, proof/), copies (embedded_metadata.py), targets
(targets/).
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.apply.disk import TargetTaken
from proofsheet.apply.file_positions import present_paths
from proofsheet.core.errors import ProofsheetError
from proofsheet.core.files import Refused
from proofsheet.publish.embedded_metadata import publishable_copy
from proofsheet.publish.picture_contents import PictureContents
from proofsheet.publish.targets.base import Publisher, UploadItem
from proofsheet.publish.upload_history import TargetContents, note_upload, take_back_rows
from proofsheet.selection.choices import held_photos, present_choices
from proofsheet.storage.workspace import Project
from schemas.choices import Choice
from schemas.edits import WordReview
from schemas.library import Photo
from schemas.proof import FIELDS, PASSED, MetadataQuality
from schemas.publish import Upload
from schemas.words import PolicyFlag

Row = Mapping[str, Any]
ALREADY = "published already"


@dataclass(frozen=True)
class UploadCandidate:
    """A photo with texts, its name and version at a target, and why it is held back.

    The reason is empty if it may be published. `sources` names who wrote each text.
    """

    photo_id: str
    path: str
    name: str
    attempt: int
    texts: Mapping[str, Any]
    version: int
    held_back: str
    sources: str = ""


@dataclass
class PublishResult:
    """What became of a publication."""

    published: list[UploadCandidate] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)


def candidates(project: Project, target: str) -> list[UploadCandidate]:
    """Every photo with current texts, in the order of paths.

    Args:
        project: the project of the photos.
        target: name of the target; copies that are there already are held back as such.
    """
    photos = {r[Photo.photo_id]: r for r in project.store.read(Photo).to_dicts()}
    paths = present_paths(project)
    policy = {r[PolicyFlag.photo_id]: r for r in project.store.read(PolicyFlag).to_dicts()}
    said = {
        (r[WordReview.photo_id], r[WordReview.attempt]): r[WordReview.decision]
        for r in project.ledger.rows(WordReview).to_dicts()
    }
    shelf, unchosen = TargetContents(project.ledger, target), _unchosen(project)
    proofs = project.store.read(MetadataQuality)
    texts = {
        (r[MetadataQuality.photo_id], r[MetadataQuality.attempt]): _accepted(r) for r in proofs.to_dicts()
    }
    found = []
    for row in proofs.filter(pl.col(MetadataQuality.is_current)).to_dicts():
        own, attempt = str(row[MetadataQuality.photo_id]), int(row[MetadataQuality.attempt])
        if (photo := photos.get(own)) is None:
            continue
        reason = unchosen.get(own) or _objection(row, policy.get(own), said.get((own, attempt)))
        last = shelf.latest(own)
        if not reason and last is not None and texts.get((own, last)) == texts[own, attempt]:
            reason = ALREADY
        name = "/".join(part for part in (project.name, photo[Photo.folder], photo[Photo.file_name]) if part)
        name, version = shelf.place(own, attempt, name)
        found.append(
            UploadCandidate(
                own,
                paths[own],
                name,
                attempt,
                texts[own, attempt],
                version,
                reason,
                row[MetadataQuality.sources] or "",
            )
        )
    return sorted(found, key=lambda c: c.path)


def _accepted(row: Row) -> dict[str, Any]:
    return {name: row[f"accepted_{name}"] for name in FIELDS}


def _unchosen(project: Project) -> dict[str, str]:
    """Photo to why it may not go, as far as choices are concerned."""
    choices = present_choices(project)
    waiting = choices.filter(~pl.col(Choice.submitted))[Choice.photo_ids].explode().drop_nulls()
    found = dict.fromkeys(waiting, "choice: a decision on its set waits for submit in the review")
    return found | {photo: f"choice: {reason}" for photo, reason in held_photos(project, choices).items()}


def held_back(found: Sequence[UploadCandidate]) -> dict[str, int]:
    """Reason to number of photos."""
    return dict(Counter(c.held_back for c in found if c.held_back))


def outlook(project: Project, target: str) -> dict[str, Any]:
    """The plan of publishing: ready, again (new versions among these), held_back by reason, and take_back.

    Args:
        project: the project of the pictures.
        target: name of the target.
    """
    found = candidates(project, target)
    again = [c for c in found if not c.held_back and c.version > 1]
    return {
        "target": target,
        "ready": sum(not c.held_back for c in found),
        "again": [{"path": c.path, "version": c.version, "name": c.name} for c in again],
        "held_back": held_back(found),
        "take_back": take_back_rows(project),
    }


def publish(
    project: Project,
    found: Sequence[UploadCandidate],
    publisher: Publisher,
    keep: Collection[str],
    now: datetime,
    noted: Callable[[UploadCandidate], None] = lambda _one: None,
    *,
    rights: str = "",
) -> PublishResult:
    """Publish the ready photos, one by one.

    A photo that fails is reported and the others go on.

    The state is noted only after the target has the file: after an interruption the file is sent once more,
    and found there unchanged. `noted` is called after each. Only one publication of a project may run at a
    time; copies left by an interrupted one are removed. `rights` is the copyright of photos without one.
    """
    report, contents = PublishResult(), PictureContents(project)
    shutil.rmtree(project.outgoing, ignore_errors=True)
    for one in found:
        if one.held_back:
            continue
        try:
            contents.check(one.photo_id, one.path)
            picture = project.folder / one.path
            with publishable_copy(picture, one.texts, keep, project.outgoing, rights) as copy:
                publisher.put(UploadItem(copy.path, one.name, copy.content_hash, one.texts))
                row = {
                    Upload.photo_id: one.photo_id,
                    Upload.attempt: one.attempt,
                    Upload.target: publisher.name,
                    Upload.path: one.path,
                    Upload.name_there: one.name,
                    Upload.content_hash: copy.content_hash,
                    Upload.proof: copy.proof,
                    Upload.uploaded_at: now,
                    Upload.version: one.version,
                }
            note_upload(project.ledger, row)
            noted(one)
            report.published.append(one)
        except (ProofsheetError, Refused, TargetTaken, OSError, ValueError) as error:
            report.failed.append({"path": one.path, "problem": str(error)})
    return report


def _objection(row: Row, policy: Row | None, decision: str | None) -> str:
    """Why a photo may not be published: gate, then policy, then review.

    Unknown is never safe: then it must be reviewed.
    """
    if row[MetadataQuality.status] not in PASSED:
        return f"gate: its texts are {row[MetadataQuality.status]}"
    if policy is None:
        return "policy: not judged; run the project"
    if policy[PolicyFlag.publishable] is False or policy[PolicyFlag.blocked_reason]:
        return f"policy: {policy[PolicyFlag.blocked_reason] or 'not publishable'}"
    if policy[PolicyFlag.nsfw] == "yes":
        return "policy: flagged as not safe for work"
    if decision != "approved":
        return "person: its texts are not approved" if decision is None else "person: rejected"
    return ""
