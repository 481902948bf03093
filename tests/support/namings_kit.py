"""How real cameras, programs and exporters name what goes with a picture: for tests of scan, apply and undo.

Holds `Naming`, `NAMINGS`, `namings_project`, what plans and applies in it, and `apart`.
Add here: a form, whenever one is found in the wild.
Keep out: assertions.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from proofsheet.apply.disk import Disk
from proofsheet.apply.executor import Applier
from proofsheet.apply.plan import Plan, make_plan, with_keep_all
from proofsheet.core.progress import Quiet
from proofsheet.library.file_locations import placed_files
from proofsheet.library.scan import scan
from proofsheet.review.submission import submitted
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project, Workspace
from schemas.choices import Proposal
from schemas.library import Photo
from schemas.review import ReviewBatch, ReviewDecision
from schemas.settings.apply import ApplySettings
from schemas.settings.library import PlaceSettings
from tests.support.kit import NOW, rescan, tree

OTHER = "other.jpg"  # the picture beside each form


@dataclass(frozen=True)
class Naming:
    """A form by example.

    Attributes:
        by: who names files so.
        pictures: photos beside each other, as they are opened.
        beside: file to the photos that it belongs to, by number.
    """

    by: str
    pictures: tuple[str, ...]
    beside: dict[str, tuple[int, ...]] = field(default_factory=dict)


def _one(by: str, picture: str, beside: str) -> Naming:
    return Naming(by, (picture,), dict.fromkeys(beside.split(" | "), (0,)))


_LONG = "Screenshot_20220207_102421_com.snapchat.android.jpg"
_LONG_N = "123456789123456789123456789123456789_DSCN0091"
_LONG_3 = "12345678901234567890_a_name_that_is_lon"
_EMOJI = "".join(chr(0x1F600 + n) for n in range(22))
_LONG_2 = "IMG (1) 123456789123456789123456789123456789"
NAMINGS = (
    _one(
        "stem", "IMG_0001.JPG", "IMG_0001.xmp | IMG_0001.txt | IMG_0001.json | IMG_0001.unheard-of | IMG_0001"
    ),
    _one(
        "whole name",
        "IMG_0002.JPG",
        "IMG_0002.JPG.xmp | IMG_0002.JPG.pp3 | IMG_0002.JPG.dop | IMG_0002.JPG.json",
    ),
    _one(
        "a RAW without its program",
        "IMG_0003.JPG",
        "IMG_0003.CR2 | IMG_0003.CR3 | IMG_0003.GPR | IMG_0003.xmp",
    ),
    _one(
        "edits of such a RAW",
        "IMG_0004.JPG",
        "IMG_0004.CR2 | IMG_0004.CR2.xmp | IMG_0004.CR2.pp3 | IMG_0004.NEF.dop",
    ),
    _one(
        "darktable: versions",
        "IMG_0005.JPG",
        "IMG_0005.CR2 | IMG_0005_01.CR2.xmp | IMG_0005_02.CR2.xmp | IMG_0005_01.JPG.xmp",
    ),
    _one("RawTherapee: queue", "IMG_0006.JPG", "IMG_0006.JPG.out.pp3 | IMG_0006.RAF | IMG_0006.RAF.pp3"),
    _one(
        "Canon",
        "IMG_0007.JPG",
        "IMG_0007.THM | IMG_0007.WAV | IMG_0007.vrd | IMG_0007.dr4 | SND_0007.WAV | IMG_0007.CRW",
    ),
    _one(
        "Nikon",
        "DSC_0008.JPG",
        "DSC_0008.NEF | NKSC_PARAM/DSC_0008.NEF.nksc | NKSC_PARAM/DSC_0008.JPG.nksc | DSC_0008.WAV",
    ),
    _one(
        "Capture One",
        "DSC09.JPG",
        "DSC09.ARW | CaptureOne/Settings166/DSC09.ARW.cos | CaptureOne/Settings166/DSC09.JPG.cos | "
        "CaptureOne/Settings120/DSC09.ARW.comask | CaptureOne/Cache/Proxies/DSC09.ARW.cop | DSC09.eip | "
        "CaptureOne/Cache/Thumbnails/DSC09.ARW.5bd5e9a0.cot",
    ),
    _one(
        "SILKYPIX",
        "P1000010.JPG",
        "P1000010.RW2 | SILKYPIX_DS/P1000010.RW2.9.spd | SILKYPIX_DS/P1000010.JPG.9.spd",
    ),
    _one(
        "Exposure",
        "E11.JPG",
        (
            "E11.DNG | Exposure Software/Exposure X7/E11.DNG.exposurex7 | Alien Skin/Exposure "
            "X2/E11.JPG.exposurex2"
        ),
    ),
    _one(
        "ON1, Affinity, Luminar, GIMP",
        "IMG_0012.JPG",
        "IMG_0012.on1 | IMG_0012.onphoto | IMG_0012.afphoto | IMG_0012.xcf",
    ),
    _one(
        "Photoshop, unread formats",
        "IMG_0013.JPG",
        "IMG_0013.psd | IMG_0013.psb | IMG_0013.jxl | IMG_0013.exr | IMG_0013.svg",
    ),
    _one(
        "Lightroom",
        "IMG_0014.JPG",
        "IMG_0014.acr | IMG_0014-Enhanced-NR.dng | IMG_0014-Edit.psd | IMG_0014-HDR.dng | IMG_0014.CR3",
    ),
    _one(
        "DxO",
        "IMG_0015.JPG",
        "IMG_0015.CR2 | IMG_0015.CR2.dop | IMG_0015-CR2_DxO_DeepPRIME.dng | IMG_0015_DxO.dng",
    ),
    _one(
        "ExifTool",
        "IMG_0016.JPG",
        "IMG_0016.JPG_original | IMG_0016.CR2_original | IMG_0016.mie | IMG_0016.exif | IMG_0016.exv",
    ),
    _one(
        "plug-ins",
        "IMG_0055.JPG",
        (
            "IMG_0055-DeNoiseAI-standard.dng | IMG_0055-Edit-topaz.psd | IMG_0055_IXT.dng | "
            "IMG_0055-Verbessert-RR.dng"
        ),
    ),
    Naming("Shotwell", ("IMG_0056_CR2_shotwell.jpg",), {"IMG_0056.CR2": (0,), "IMG_0056.CR2.xmp": (0,)}),
    _one(
        "Rawstudio, Synology",
        "IMG_0057.JPG",
        "IMG_0057.NEF | .rawstudio/IMG_0057.NEF.xml | @eaDir/IMG_0057.JPG@SynoEAStream",
    ),
    _one("tools of Civitai", "sea58.preview.png", "sea58.safetensors | sea58.civitai.info | sea58.json"),
    _one("Live Photo", "IMG_0017.JPG", "IMG_0017.MOV | IMG_0017.AAE | IMG_O0017.AAE | IMG_0017_O.AAE"),
    _one(
        "downloaders of iCloud",
        "IMG_0018.JPG",
        "IMG_0018_HEVC.MOV | IMG_0018.JPG.xmp | IMG_0018-alternative.DNG",
    ),
    Naming(
        *("downloaders of iCloud: edited", ("IMG_0059.JPG", "IMG_0059-adjusted.JPG")),
        {"IMG_0059.AAE": (0, 1), "IMG_0059.JPG.json": (0, 1), "IMG_0059.MOV": (0,)},
    ),
    _one(
        "exporters of Apple Photos",
        "IMG_0019.JPG",
        "IMG_0019-live-photo.mov | IMG_0019_live.mp4 | IMG_0019.mov.xmp | IMG_0019.JPG.json",
    ),
    _one(
        "Apple Photos library",
        "DFD48C6B-7A49-49A8-86D6-EECA35ABD59B.jpg",
        "DFD48C6B-7A49-49A8-86D6-EECA35ABD59B_3.mov",
    ),
    Naming(
        *("iPhone: edited", ("IMG_0021.JPG", "IMG_E0021.JPG")),
        {
            "IMG_0021.AAE": (0, 1),
            "IMG_O0021.AAE": (0, 1),
            "IMG_0021.MOV": (0,),
            "IMG_E0021.MOV": (1,),
            "IMG_0021.DNG": (0,),
        },
    ),
    _one("iPhone: the edited picture alone", "IMG_E0022.JPG", "IMG_0022.AAE | IMG_O0022.AAE | IMG_0022.MOV"),
    _one(
        "Pixel: motion",
        "PXL_20230604_172812686.MP.jpg",
        "PXL_20230604_172812686.MP | PXL_20230604_172812686.MP4",
    ),
    _one(
        "Pixel: RAW",
        "PXL_20230605_172812686.RAW-01.COVER.jpg",
        "PXL_20230605_172812686.RAW-02.ORIGINAL.dng | "
        "PXL_20230605_172812686.RAW-01.COVER.jpg.supplemental-meta.json | "
        "PXL_20230605_172812686.RAW-01.MP.COVER.mp4",
    ),
    _one("Samsung", "20230822_171704.jpg", "20230822_171704.mp4 | 20230822_171704.dng | 20230822_171704.srw"),
    _one(
        "Lumia",
        "WP_20140101_12_00_00_Raw.jpg",
        "WP_20140101_12_00_00_Raw__highres.dng | WP_20140101_12_00_00_Raw.mp4",
    ),
    _one(
        "camera apps of Android",
        "IMG_20200101_120000.jpg",
        "IMG_20200101_120000.dng | IMG_20200101_120000_RAW.dng",
    ),
    _one("GoPro", "GX010028.JPG", "GX010028.MP4 | GX010028.THM | GL010028.LRV | GX010028.WAV | GX010028.GPR"),
    _one("DJI", "DJI_0029.JPG", "DJI_0029.DNG | DJI_0029.SRT | DJI_0029.LRF | DJI_0029.MP4"),
    _one("Sony", "C0030.JPG", "C0030.MP4 | C0030M01.XML | C0030.ARW | C0030.HIF.xmp"),
    _one(
        "Hasselblad, Phase One, Sigma",
        "B0031.JPG",
        "B0031.3FR | B0031.FFF | B0031.3FR.phos | B0031.IIQ | B0031.X3F | B0031.X3I",
    ),
    _one(
        "ACDSee, Zoner, Mylio, PhotoPrism",
        "Z32.JPG",
        "Z32.acdc | Z32.JPG.data-zps | Z32.myb | Z32.yml | .photoprism/Z32.JPG.yml",
    ),
    _one(
        "Picasa, gThumb", "G33.JPG", ".picasaoriginals/G33.JPG | [Originals]/G33.JPG | .comments/G33.JPG.xml"
    ),
    _one("macOS on other file systems", "M34.JPG", "._M34.JPG | ._M34.xmp | M34.xmp | .AppleDouble/M34.JPG"),
    _one("Takeout", "T35.jpg", "T35.jpg.json"),
    _one("Takeout: supplemental", "T36.jpg", "T36.jpg.supplemental-metadata.json"),
    _one(
        "Takeout: cut",
        "T37.jpg",
        "T37.jpg.supplemental-meta.json | T37.jpg.s.json | T37.jpg.su.json | T37.jpg..json",
    ),
    _one("Takeout: without extension", "T38.jpg", "T38.supplemental-metadata.json | T38.mp4"),
    _one("Takeout: long name", _LONG, "Screenshot_20220207_102421_com.snapchat.androi.json"),
    Naming(
        *("Takeout: long name with a number", (f"{_LONG_N}.JPG", f"{_LONG_N}(1).JPG")),
        {
            f"{_LONG_N}.JP.supplemental-meta.json": (0,),
            f"{_LONG_N}.JP.supplemental-meta(1).json": (1,),
            f"{_LONG_N}.J.json": (0,),
        },
    ),
    Naming(
        *("Takeout: long name with two numbers", (f"{_LONG_2}.JPG", f"{_LONG_2}(1).JPG")),
        {f"{_LONG_2}.J.json": (0,), f"{_LONG_2}.J(1).json": (1,)},
    ),
    Naming(
        *("Takeout: number", ("T41.jpg", "T41(1).jpg")),
        {
            "T41.jpg.json": (0,),
            "T41.jpg(1).json": (1,),
            "T41.jpg.supplemental-metadata(1).json": (1,),
            "T41(1).mp4": (1,),
        },
    ),
    Naming(
        "Takeout: edited",
        ("T42.jpg", "T42-edited.jpg"),
        {"T42.jpg.supplemental-metadata.json": (0, 1), "T42.mp4": (0,)},
    ),
    Naming(
        *(
            "Takeout: edited, any language",
            ("T52.jpg", "T52-ndryshuar.jpg", "T52(1).jpg", "T52-đã chỉnh sửa(1).jpg"),
        ),
        {"T52.jpg.json": (0, 1), "T52.jpg.supplemental-metadata(1).json": (2, 3), "T52.xmp": (0,)},
    ),
    Naming("Takeout: edited, cut", (f"{_LONG_3}.jpg", f"{_LONG_3}-edi.jpg"), {f"{_LONG_3}.jpg.json": (0, 1)}),
    _one(
        "Takeout: the edited picture alone, any language",
        "T53-ndryshuar.jpg",
        "T53.jpg.supplemental-metadata.json",
    ),
    _one("Takeout: long name of emoji", f"{_EMOJI}\U0001f61b.jpg", f"{_EMOJI}.json"),
    Naming(
        "names with a word behind a dash",
        ("w54.jpg", "w54-sunset.jpg"),
        {"w54.jpg.json": (0,), "w54-sunset.jpg.json": (1,)},
    ),
    Naming("Takeout: edited, German", ("T43.jpg", "T43-bearbeitet.jpg"), {"T43.jpg.json": (0, 1)}),
    Naming("Takeout: edited, French", ("T44(1).jpg", "T44-modifié(1).jpg"), {"T44.jpg(1).json": (0, 1)}),
    _one("Takeout: the edited picture alone", "T45-edited.jpg", "T45.jpg.json | T45-edited.mp4"),
    _one("Flickr", "harbour_46001234567_o.jpg", "photo_46001234567.json"),
    _one("Flickr: picture without title", "46001234568_abcdef0123_o.jpg", "photo_46001234568.json"),
    Naming(
        *("instaloader", ("2020-01-01_12-00-00_UTC_1.jpg", "2020-01-01_12-00-00_UTC_2.jpg")),
        {
            "2020-01-01_12-00-00_UTC.json.xz": (0, 1),
            "2020-01-01_12-00-00_UTC.txt": (0, 1),
            "2020-01-01_12-00-00_UTC_1.mp4": (0,),
        },
    ),
    _one("letters in another case", "Img_0048.jpg", "IMG_0048.XMP | img_0048.JPG.xmp | IMG_0048.CR2"),
    _one(
        "accents in another form", "café49.jpg", "cafe\u030149.xmp | cafe\u030149.CR2 | cafe\u030149.jpg.json"
    ),
    _one(
        "names with dots",
        "2024.05.06 50.jpg",
        "2024.05.06 50.xmp | 2024.05.06 50.jpg.xmp | 2024.05.06 50.CR2.xmp | 2024.05.06 50.CR2",
    ),
    Naming("case alone tells", ("i51.jpg", "I51.jpg"), {"i51.xmp": (0,), "I51.jpg.json": (1,)}),
)

DISTINCT = NAMINGS[:-1]  # the last differ in case alone, and never come into one folder


def namings_project(
    place: Path, namings: Sequence[Naming] = NAMINGS, *, chosen: str = "first", keep_all: bool = False
) -> Project:
    """A project of such files with verdicts handed over.

    Each form in a folder and a set of its own, beside another picture.

    Args:
        place: holds library and home.
        namings: the forms.
        chosen: the first picture of each form, or the other one beside it.
        keep_all: whether the pictures of a set belong together.
    """
    for number, naming in enumerate(namings):
        for name in (*naming.pictures, *naming.beside, OTHER, "other.xmp"):
            path = place / "library/trip" / folder_name(number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"" if path.suffix == ".txt" else f"{number} {name}".encode())
            os.utime(path, ns=(1_600_000_000_000_000_000 + number, 1_600_000_000_123_456_789 + number))
    project = Workspace(PlaceSettings(library=str(place / "library"), home=str(place / "home"))).project(
        "trip"
    )
    look_again(project, namings)
    ids = {
        (r[Photo.folder], r[Photo.file_name]): r[Photo.photo_id] for r in project.store.read(Photo).to_dicts()
    }
    groups = [[ids[folder_name(k), name] for name in (*n.pictures, OTHER)] for k, n in enumerate(namings)]
    winners = [group[0 if chosen == "first" else -1] for group in groups]
    publish_decisions(project, groups, winners, keep_all)
    hand_over(project, groups, winners)
    return project


def look_again(project: Project, namings: Sequence[Naming] = NAMINGS) -> None:
    """Scan the project as a run does.

    The pictures of the forms are those that can be opened, whatever is in them.
    """
    found = scan(project.folder, project.cache, Quiet(), placed=placed_files(project.ledger))
    names = {name for n in namings for name in (*n.pictures, OTHER)}
    opened = {p.file.content_hash: "JPEG" for p in found.pictures if PurePosixPath(p.path).name in names}
    rescan(project, opened)


def publish_decisions(
    project: Project, groups: Sequence[list[str]], winners: Sequence[str], keep_all: bool = False
) -> None:
    """The sets of a project."""
    empty: dict[str, object] = {n: None for n, c in Proposal.columns().items() if c.nullable}
    told = {Proposal.reasons: [], Proposal.flags: [], Proposal.crop_reasons: [], Proposal.anomaly: False}
    told |= {Proposal.decided_by: "a test", Proposal.crop_by: "", Proposal.confidence_kind: "uncalibrated"}
    told |= {Proposal.keep_all: keep_all, Proposal.chosen_path: ""}
    rows = [
        {
            **empty,
            **told,
            "project": project.key,
            Proposal.group_id: f"g{k:02}",
            Proposal.chosen_photo_id: w,
            Proposal.photo_ids: g,
        }
        for k, (g, w) in enumerate(zip(groups, winners, strict=True))
    ]
    project.store.publish({Proposal: Proposal.frame(rows)}, Stamp())


def hand_over(project: Project, groups: Sequence[list[str]], winners: Sequence[str]) -> None:
    """Verdicts on sets, submitted."""
    empty: dict[str, object] = {n: None for n, c in ReviewDecision.columns().items() if c.nullable}
    told = {
        ReviewDecision.action: "approved",
        ReviewDecision.proposed_by: "a test",
        ReviewDecision.blind: False,
        ReviewDecision.bulk: False,
        ReviewDecision.decided_at: NOW,
    }
    rows = [
        {
            **empty,
            **told,
            ReviewDecision.verdict_id: f"v{k}",
            ReviewDecision.group_id: f"g{k:02}",
            ReviewDecision.photo_ids: g,
        }
        | {
            ReviewDecision.number: k + 1,
            ReviewDecision.chosen_photo_id: w,
            ReviewDecision.proposed_photo_id: w,
        }
        for k, (g, w) in enumerate(zip(groups, winners, strict=True))
    ]
    project.ledger.add(ReviewDecision, rows)
    batch = {
        ReviewBatch.batch_id: "b1",
        ReviewBatch.number: 1,
        ReviewBatch.up_to: len(rows),
        ReviewBatch.submitted_at: NOW,
    }
    project.ledger.add(ReviewBatch, [batch])


def plan_of(project: Project) -> Plan:
    """The plan for what was handed over."""
    return make_plan(project, with_keep_all(submitted(project).standing(), project))


def applier(project: Project, disk: Disk | None = None) -> Applier:
    """What carries plans out, with the usual settings."""
    return Applier(project, ApplySettings(), NOW, disk)


def state(project: Project) -> tuple[dict[str, str], dict[str, int]]:
    """Content and time of every file."""
    times = {
        p.relative_to(project.folder).as_posix(): p.stat().st_mtime_ns
        for p in project.folder.rglob("*")
        if p.is_file()
    }
    return tree(project.folder), times


def folder_name(number: int) -> str:
    """Folder of a form."""
    return f"form {number:02}"


def apart(folder: Path, namings: Sequence[Naming] = NAMINGS) -> list[str]:
    """Files of the forms that do not lie where their pictures lie: none, it is hoped.

    Args:
        folder: of the project.
        namings: the forms.
    """
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    found = list[str]()
    for number, naming in enumerate(namings):
        beside = {**naming.beside, "other.xmp": (len(naming.pictures),)}
        pictures = [_place(files, number, name) for name in (*naming.pictures, OTHER)]
        found += [
            (
                f"{naming.by}: {name} lies in {_place(files, number, name)}, "
                f"{(*naming.pictures, OTHER)[n]} in {pictures[n]}"
            )
            for name, owners in beside.items()
            for n in owners
            if _place(files, number, name) != pictures[n]
        ]
    return found


def _place(files: set[str], number: int, name: str) -> list[str]:
    """Where a file of a form lies: in its folder, below `selected`, or below `review`."""
    return [p for p in ("", "selected/", "review/") if f"{p}{folder_name(number)}/{name}" in files]
