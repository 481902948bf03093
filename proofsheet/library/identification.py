"""The files of a scan get the ids of their photos, and the ledger what is new.

Holds `IdentifiedFiles`, `identify`, `question_rows` and `gone_rows`.
Add here: another table that follows from it.
Keep out: the rules by which a file is known again (identities.py), and what people say (identity_answers.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

import polars as pl

from proofsheet.library.file_hashes import Scan
from proofsheet.library.file_locations import FileLocations
from proofsheet.library.folder_notes import carried_notes, moved_folders
from proofsheet.library.identities import recognise
from proofsheet.library.identity_records import former_paths, identity_row, known_photos, place_row, told_of
from proofsheet.library.identity_signs import KnownPhoto, Recognition, Sighting, new_id
from proofsheet.storage.ledger import Ledger
from proofsheet.storage.store import Store
from schemas.identity import GonePhoto, IdentityQuestion, PhotoIdentity, PhotoPlace
from schemas.library import Photo
from schemas.sets import SetContext, SubjectProposal
from schemas.vision import PictureHash


@dataclass(frozen=True)
class IdentifiedFiles:
    """Which photos the files of a folder are.

    Attributes:
        ids: path inside the folder to id, for every picture that could be opened.
        former: id to the paths that a renamed photo had, the latest first.
        questions: path inside the folder to the gone photos that the file may be.
        recognition: how they were known again; new and gone photos.
    """

    ids: Mapping[str, str]
    former: Mapping[str, Sequence[str]]
    questions: Mapping[str, Sequence[KnownPhoto]]
    recognition: Recognition

    def counts(self) -> dict[str, int]:
        """What changed, in numbers."""
        how = Counter(h for _photo, h in self.recognition.matches.values() if h)
        return {
            "known_again": sum(how.values()),
            "new_photos": len(self.recognition.new),
            "gone_photos": len(self.recognition.gone),
        }


def identify(
    ledger: Ledger,
    store: Store,
    scanned: Scan,
    opened: Collection[str],
    pictures: Mapping[str, str],
    placed: FileLocations,
    now: datetime,
) -> IdentifiedFiles:
    """Say which photo every picture of a scan is, and note what is new in the ledger.

    Args:
        ledger: of the project.
        store: of the project; its photos may have ids from before the ledger had them.
        scanned: the folder.
        opened: contents that could be opened.
        pictures: content hash to the hash of its upright pixels.
        placed: where `apply` moved files.
        now: present time (UTC, no zone).
    """
    known = known_photos(ledger)
    if not ledger.count(PhotoIdentity):
        known = _from_the_store(ledger, store, now)
    there = {p.path for p in scanned.pictures}
    own = {p.path: placed.origins.get(p.path, p.path) for p in scanned.pictures}
    keys = {path: path if before in there else before for path, before in own.items()}
    renamed = _renamed(placed, known)
    sightings = [
        Sighting(
            keys[p.path],
            p.file.content_hash,
            pictures.get(p.file.content_hash),
            own[p.path] if own[p.path] != keys[p.path] else None,
            renamed.get(p.path),
        )
        for p in scanned.pictures
        if p.file.content_hash in opened
    ]
    files = {s.path: s for s in sightings}
    unread = {key for key in keys.values() if key not in files}
    blocked = unread | set(_blocked(scanned.refused, placed))
    seen = recognise(sightings, known.values(), blocked, lambda: told_of(ledger))
    ids = {path: photo.photo_id for path, (photo, _how) in seen.matches.items()}
    ids |= _record(ledger, seen, files, now)
    present = {path: ids[key] for path, key in keys.items() if key in ids}
    asked = {path: seen.questions[key] for path, key in keys.items() if key in seen.questions}
    return IdentifiedFiles(present, former_paths(ledger), asked, seen)


def _renamed(placed: FileLocations, known: Mapping[str, KnownPhoto]) -> dict[str, str]:
    """Present path to the photo that the journal put there since it was last seen elsewhere."""
    return {
        path: photo
        for photo, path in placed.present.items()
        if photo in known
        and known[photo].path != placed.origins.get(path, path)
        and placed.photo_at(path, known[photo].path, photo)
    }


def _blocked(refused: Iterable[str], placed: FileLocations) -> Iterator[str]:
    """Paths, before any move, of files and folders that are there and could not be read."""
    paths = set(refused)
    yield from paths
    for now, before in placed.origins.items():
        if any(str(place) in paths for place in (PurePosixPath(now), *PurePosixPath(now).parents)):
            yield before


def question_rows(project: str, found: IdentifiedFiles) -> pl.DataFrame:
    """The rows of `identity_questions`."""
    return IdentityQuestion.frame(
        {
            IdentityQuestion.project: project,
            IdentityQuestion.path: path,
            IdentityQuestion.former_photo_id: former.photo_id,
            IdentityQuestion.photo_id: found.ids[path],
            IdentityQuestion.former_path: former.path,
        }
        for path, gone in sorted(found.questions.items(), key=lambda item: item[0])
        for former in gone
    )


def gone_rows(project: str, found: IdentifiedFiles) -> pl.DataFrame:
    """The rows of `gone_photos`."""
    return GonePhoto.frame(
        {
            GonePhoto.project: project,
            GonePhoto.photo_id: photo.photo_id,
            GonePhoto.path: photo.path,
            GonePhoto.content_hash: photo.content,
        }
        for photo in found.recognition.gone
    )


def _record(
    ledger: Ledger, seen: Recognition, files: Mapping[str, Sighting], now: datetime
) -> dict[str, str]:
    """Note new photos and changed places in one transaction; gives path to id of the new ones."""
    changes = list(_changes(seen, files))
    if not (seen.new or changes):
        return {}
    taken = {str(i) for i in ledger.rows(PhotoIdentity)[PhotoIdentity.photo_id]}
    numbers = Counter[str](ledger.rows(PhotoPlace)[PhotoPlace.photo_id])
    made, notes = dict[str, str](), carried_notes(ledger, moved_folders(seen), now)
    for path in sorted(seen.new):
        made[path] = new_id(ledger.project, path, taken)
        taken.add(made[path])
    places = []
    for photo_id, at, how, joined_to in changes:
        numbers[photo_id] += 1
        places.append(place_row(photo_id, numbers[photo_id], at, how, now, joined_to))
    with ledger.exclusive() as transaction:
        new = (identity_row(own, files[path], seen.new[path], now) for path, own in made.items())
        transaction.add(PhotoIdentity, new)
        transaction.add(PhotoPlace, places)
        transaction.put(SetContext, notes.contexts)
        transaction.add(SubjectProposal, notes.proposals)
    return made


def _changes(
    seen: Recognition, files: Mapping[str, Sighting]
) -> Iterator[tuple[str, tuple[str, str, str | None], str, str | None]]:
    """Id, path with both hashes, how, and the photo that has the file from then on."""
    by_id = {photo.photo_id: path for path, (photo, _how) in seen.matches.items()}
    for copy, original in sorted(seen.joined.items()):
        yield copy, _at(files[by_id[original]]), "joined", original
    for path, (photo, how) in sorted(seen.matches.items(), key=lambda item: item[0]):
        if how is not None:
            yield photo.photo_id, _at(files[path]), how, None
    for photo in seen.gone:
        if not photo.gone:
            yield photo.photo_id, _at(photo), "gone", None


def _at(one: Sighting | KnownPhoto) -> tuple[str, str, str | None]:
    return one.path, one.content, one.picture


def _from_the_store(ledger: Ledger, store: Store, now: datetime) -> dict[str, KnownPhoto]:
    """Note the photos of a store from before the ledger had their ids."""
    photos = store.read(Photo)
    if not photos.height:
        return {}
    hashes = dict(store.read(PictureHash).select(PictureHash.photo_id, PictureHash.pixel_hash).iter_rows())
    known = [
        KnownPhoto(
            row[Photo.photo_id],
            str(PurePosixPath(row[Photo.folder]) / row[Photo.file_name]),
            row[Photo.content_hash],
            hashes.get(row[Photo.photo_id]),
        )
        for row in photos.iter_rows(named=True)
    ]
    ledger.add(
        PhotoIdentity,
        (identity_row(k.photo_id, Sighting(k.path, k.content, k.picture), None, now) for k in known),
    )
    return {k.photo_id: k for k in known}
