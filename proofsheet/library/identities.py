"""Which photo a file is: known again after renames, moves and edits.

Holds `recognise`.
Add here: another rule by which a file is known again.
Keep out: the ledger (identity_records.py), and folders of whole projects (renamed_folders.py).

A file is, in this order: the photo at its path with the same bytes or pixels, or with bytes that it had
before; the photo with the same bytes that is no longer at its path; the same by pixels, as programs rewrite
metadata, unless the file is a copy of another photo; the photo at its path, edited. Otherwise it is a new
photo. Names say nothing where bytes and pixels do: two files that swapped their names keep what is known of
each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import TypeVar

from proofsheet.core.files import folded
from proofsheet.library.identity_signs import KnownPhoto, Recognition, Sighting

_Row = TypeVar("_Row")


def recognise(
    sightings: Iterable[Sighting],
    known: Iterable[KnownPhoto],
    blocked: Collection[str] = (),
    told: Callable[[], Collection[str]] = tuple,
) -> Recognition:
    """Say of every file which photo it is.

    Args:
        sightings: the files that could be opened.
        known: all photos ever seen.
        blocked: paths of files and folders that are there and could not be read; photos at or below them are
            not gone, and no other file takes their place.
        told: gives the ids of photos on which people wrote or decided something; asked only if a file has the
            bytes or pixels of a gone photo.
    """
    search = _Search(sightings, known, blocked)
    search.by_journal()
    search.equal(("path", "content"), "content")
    search.equal(("path", "picture"), "picture")
    search.restored()
    search.alike("content")
    search.alike("picture")
    search.edited()
    return search.result(told)


class _Search:
    """Files and photos without each other so far."""

    def __init__(
        self, sightings: Iterable[Sighting], known: Iterable[KnownPhoto], blocked: Collection[str]
    ) -> None:
        self.every_file = list(sightings)
        self.files = {s.path: s for s in self.every_file}
        every = {k.photo_id: k for k in known}
        places = {folded(b) for b in blocked}
        there = self.files.keys()
        self.held = {
            i: k for i, k in every.items() if places and k.path not in there and _is_blocked(k.path, places)
        }
        self.photos = {i: k for i, k in every.items() if i not in self.held}
        self.all_contents = _by(every.values(), lambda k: k.content)
        self.all_pictures = _by(every.values(), lambda k: k.picture)
        self.done = Recognition()

    def _match(self, path: str, photo_id: str, how: str) -> None:
        sighting, photo = self.files.pop(path), self.photos.pop(photo_id)
        changed = (sighting.path, sighting.content) != (photo.path, photo.content)
        measured_anew = sighting.picture not in (None, photo.picture)
        self.done.matches[path] = (photo, how if changed or measured_anew or photo.gone else None)

    def by_journal(self) -> None:
        """Files that Proofsheet moved or renamed, with the bytes or pixels that they had."""
        for path, sighting in list(self.files.items()):
            renamed = self.photos.get(sighting.journal_id or "")
            if renamed and _same(sighting, renamed):
                self._match(path, renamed.photo_id, "content")
        at = {k.path: k for k in sorted(self.photos.values(), key=lambda k: not k.gone)}
        for path, sighting in list(self.files.items()):
            photo = at.get(sighting.moved_from or path)
            if sighting.moved_from and photo and photo.photo_id in self.photos and _same(sighting, photo):
                self._match(path, photo.photo_id, "content")

    def equal(self, signs: tuple[str, ...], how: str) -> None:
        """Files and photos that agree in all of these."""
        at = {key: i for i, k in self.photos.items() if (key := _key(k, signs)) is not None}
        for path, sighting in list(self.files.items()):
            key = _key(sighting, signs)
            if key is not None and (photo_id := at.get(key)) in self.photos:
                self._match(path, str(photo_id), how)

    def restored(self) -> None:
        """Files at the path of a photo with bytes that it had before: an edit was taken back."""
        at = {k.path: k for k in self.photos.values() if not k.gone}
        for path, sighting in list(self.files.items()):
            if (photo := at.get(path)) and sighting.content in photo.had:
                self._match(path, photo.photo_id, "path")

    def alike(self, sign: str) -> None:
        """Files and photos with equal bytes or pixels, wherever they are.

        A copy of a photo that is there is no other photo with equal pixels, such as a black one.
        """
        living = {photo.content for photo, _how in self.done.matches.values()}
        left_files = [s for s in self.files.values() if sign == "content" or s.content not in living]
        files = _by(left_files, lambda s: getattr(s, sign))
        photos = _by(self.photos.values(), lambda k: getattr(k, sign))
        for value in files.keys() & photos.keys():
            left, gone = _nearest(files[value], photos[value], lambda f, p: self._match(f, p, sign))
            if len(gone) == 1 and left:
                self._match(min(left, key=_depth).path, gone[0].photo_id, sign)

    def edited(self) -> None:
        """Files at the path of a photo, if their bytes and pixels are not those of another one.

        A path that differs in case or accents alone is the same. The path of a photo that was gone says
        nothing: cameras give names again.
        """
        for of in (str, folded):
            left = [k for k in self.photos.values() if not k.gone]
            at = _by(left, lambda k, of=of: of(k.path))  # type: ignore[misc]
            for path, sighting in list(self.files.items()):
                photos = at.get(of(path), [])
                if len(photos) == 1 and photos[0].photo_id in self.photos and not self._is_another(sighting):
                    self._match(path, photos[0].photo_id, "path")

    def _is_another(self, sighting: Sighting) -> bool:
        return sighting.content in self.all_contents or (
            sighting.picture is not None and sighting.picture in self.all_pictures
        )

    def result(self, told: Callable[[], Collection[str]]) -> Recognition:
        """The other files are new, the other photos gone.

        A gone photo with its picture in a file may be asked about.
        """
        living = {photo.photo_id for photo, _how in self.done.matches.values()}
        for path, sighting in self.files.items():
            alike = self.all_contents.get(sighting.content) or (
                self.all_pictures.get(sighting.picture) if sighting.picture else None
            )
            sources = [k.photo_id for k in alike or () if k.photo_id in living]
            self.done.new[path] = min(sources, default=None)
        answered = [p for p, (k, _how) in self.done.matches.items() if k.answer in self.photos]
        there = self._there_again()
        if answered or there:
            known = set(told())
            self._answer(sorted(answered), known)
            self._take_place(there, known)
        self.done.gone = sorted(self.photos.values(), key=lambda k: (k.path, k.photo_id))
        return self.done

    def _answer(self, paths: Iterable[str], told: Collection[str]) -> None:
        """Files get the photos that you named, unless they got facts of their own since."""
        for path in paths:
            own = self.done.matches[path][0]
            if own.answer not in self.photos:
                continue
            if own.photo_id in told:
                self.done.questions[path] = [self.photos[own.answer]]
                continue
            self.done.joined[own.photo_id] = own.answer
            self.done.matches[path] = (self.photos.pop(own.answer), "person")

    def _there_again(self) -> dict[str, list[Sighting]]:
        """Gone photos to the files with their bytes or pixels, and to new ones at their path."""
        if not self.photos:
            return {}
        signs: list[Callable[[Sighting | KnownPhoto], str | None]] = [
            lambda one: one.content,
            lambda one: one.picture,
        ]
        found = defaultdict[str, dict[str, Sighting]](dict)
        for sign in signs:
            files = _by(self.every_file, sign)
            for photo_id, photo in self.photos.items():
                found[photo_id] |= {s.path: s for s in files.get(sign(photo) or "", ())}
        at = _by((s for s in self.every_file if self._began_here(s)), lambda s: folded(s.path))
        for photo_id, photo in self.photos.items():
            found[photo_id] |= {s.path: s for s in at.get(folded(photo.path), ())}
        return {i: list(files.values()) for i, files in found.items() if files}

    def _began_here(self, sighting: Sighting) -> bool:
        """Whether nothing but its path is known of a file from before: it was first seen there."""
        own, _how = self.done.matches.get(sighting.path, (None, None))
        return own is None or (own.first_path == sighting.path and own.copy_of is None)

    def _take_place(self, there: Mapping[str, list[Sighting]], told: Collection[str]) -> None:
        """The only copy of a gone original takes its place; where that is not certain, you are asked.

        Only photos on which people wrote or decided something are asked about, and no file with such facts of
        its own is offered.
        """
        offers = dict[str, list[KnownPhoto]]()
        for photo_id, files in there.items():
            for sighting in files if photo_id in told and photo_id in self.photos else ():
                own = self.done.matches.get(sighting.path, (None, None))[0]
                if own is None or not (own.sure or own.photo_id in told):
                    offers.setdefault(sighting.path, []).append(self.photos[photo_id])
        for path, gone in sorted((p, g) for p, g in offers.items() if p not in self.done.questions):
            own = self.done.matches.get(path, (None, None))[0]
            only = [k for k in gone if own and own.copy_of == k.photo_id and k.photo_id in self.photos]
            if own and only and len(gone) == 1 and _same(own, only[0]):
                self.done.joined[own.photo_id] = only[0].photo_id
                self.done.matches[path] = (self.photos.pop(only[0].photo_id), "copy")
            elif left := [k for k in gone if k.photo_id in self.photos]:
                self.done.questions[path] = sorted(left, key=lambda k: (k.path, k.photo_id))


def _same(one: Sighting | KnownPhoto, other: KnownPhoto) -> bool:
    return one.content == other.content or (one.picture is not None and one.picture == other.picture)


def _key(one: Sighting | KnownPhoto, signs: tuple[str, ...]) -> tuple[str, ...] | None:
    found = [getattr(one, sign) for sign in signs]
    return None if None in found else tuple(found)


def _by(rows: Iterable[_Row], sign: Callable[[_Row], str | None]) -> dict[str, list[_Row]]:
    found = defaultdict[str, list[_Row]](list)
    for row in rows:
        if (value := sign(row)) is not None:
            found[value].append(row)
    return dict(found)


def _depth(sighting: Sighting) -> tuple[int, str]:
    return sighting.path.count("/"), sighting.path


def _is_blocked(path: str, places: Collection[str]) -> bool:
    own = PurePosixPath(folded(path))
    return any(str(place) in places for place in (own, *own.parents))


def _nearest(
    files: list[Sighting], photos: list[KnownPhoto], match: Callable[[str, str], None]
) -> tuple[list[Sighting], list[KnownPhoto]]:
    """Match files and photos that are nearest to each other by name and folder, and to no other as near."""
    files, photos = list(files), list(photos)
    for of in (lambda p: folded(str(p)), lambda p: folded(p.name), lambda p: folded(str(p.parent))):
        named = _by(files, lambda s, of=of: of(PurePosixPath(s.path)))  # type: ignore[misc]
        placed = _by(photos, lambda k, of=of: of(PurePosixPath(k.path)))  # type: ignore[misc]
        for value in named.keys() & placed.keys():
            if len(named[value]) == len(placed[value]) == 1:
                file, photo = named[value][0], placed[value][0]
                match(file.path, photo.photo_id)
                files.remove(file)
                photos.remove(photo)
    return files, photos
