r"""How programs, cameras and exporters name the files that go with a picture: one table of rules.

Holds `FORMS`, `NUMBERED`, `VERSION`, `WORDED`, `PLACES`, `OF_A_FOLDER` and `SHARED`.
Add here: a form, as a line of the table and a line of the table of tests.
Keep out: who belongs to whom (companions.py).

Needing no line: everything that starts with the whole name of a picture and a dot (`a.CR2.xmp`, `a.jpg.json`,
`a.RAF.pp3`) and everything of its stem (`a.xmp`, `a.MOV`, `a.psd`, `a`). A line says how a name is turned
into one of those: `IMG_O1234.AAE` into `IMG_1234.AAE`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_EDITED = "|".join(
    (
        # Google Photos, in the languages of its users
        *(
            "edited",
            "bearbeitet",
            "modifié",
            "editado",
            "editada",
            "ha editado",
            "modificato",
            "bewerkt",
            "edytowane",
            "upraveno",
        ),
        *(
            "redigerad",
            "redigeret",
            "redigert",
            "muokattu",
            "editat",
            "szerkesztve",
            "düzenlendi",
            "измененный",
            "изменено",
        ),
        *("編集済み", "已编辑", "已修改", "已編輯", "수정됨"),
        # Lightroom and its languages
        *(
            "edit",
            "bearbeitung",
            "modifier",
            "modifica",
            "editar",
            "redigera",
            "rediger",
            "bewerken",
            "編集",
            "编辑",
            "編輯",
            "편집",
        ),
        (
            "(?:enhanced|verbessert|amélioré|mejorado|migliorato|aprimorado|verbeterd|förbättrad)"
            "(?:-[a-z]{2,3})*"
        ),
        *("hdr", "pano", "hdr-pano"),
        # downloaders of iCloud: what Apple keeps of one picture
        *("adjusted", "original", "alternative", "medium", "thumb"),
        # plug-ins and developers of RAW: Topaz, ON1, Iridient, LightZone
        *(
            r"(?:topaz|(?:denoise|sharpen|gigapixel|adjust|photo)[ _]?ai)(?:-[a-z0-9]+)*",
            "on1",
            "ixt",
            "iridient",
            "lzn",
        ),
    )
)
_PIXEL = "|".join(
    ("mp", r"raw-\d+", r"portrait-\d+", r"long_exposure-\d+", r"action_pan-\d+", r"motion-\d+", r"vb-\d+")
)
_PIXEL += "|night|pano|ts|ultrahdr|cover|original"


@dataclass(frozen=True)
class Form:
    """How a name is made from that of a picture.

    Attributes:
        by: who names files so.
        pattern: of the whole file name; letters count in either case.
        plain: the name that it was made from, over the groups of the pattern.
        shot: whether pictures named so are parts of one shot, as RAW and JPEG are.
    """

    by: str
    pattern: re.Pattern[str]
    plain: str
    shot: bool = False


def _form(by: str, pattern: str, plain: str, *, shot: bool = False) -> Form:
    return Form(by, re.compile(pattern, re.IGNORECASE), plain, shot)


NUMBERED = _form(  # for IMG(1).jpg: IMG.jpg(1).json, IMG.jpg.supplemental-metadata(1).json
    "Google Takeout: number",
    r"(?P<a>.+?)(?P<ext>\.\w{1,5})?(?P<tail>\.s[a-z-]*)?(?P<n>\(\d+\))\.json",
    r"\g<a>\g<n>\g<ext>\g<tail>.json",
)
# for IMG.jpg.json: IMG-edited.jpg, in the language of its user and often shortened: IMG-edi.jpg, IMG-
# ndryshuar(1).jpg
WORDED = _form(
    "Google Takeout: edited",
    r"(?P<a>.+)-[^\W\d_][^\d_().]*(?P<n>\(\d+\))?(?P<ext>\.\w{1,5})",
    r"\g<a>\g<n>\g<ext>",
)
VERSION = _form("darktable: a further version", r"(.+)_\d\d(\.[^.]+\.xmp)", r"\1\2")
FORMS = (
    _form("macOS on other file systems", r"\._(.+)", r"\1"),
    _form("ExifTool: copy of the original", r"(.+)_original", r"\1"),
    _form("editors of text: copy of the original", r"(.+)~", r"\1"),
    VERSION,
    _form("iPhone: edited picture, adjustments of the original", r"([A-Z]+_)[EO](\d{3,}.*)", r"\1\2"),
    _form("Apple Photos: adjustments of the original", r"(.+)_[EO](\.aae)", r"\1\2"),
    _form(
        "Apple Photos: files of the library",
        r"([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})_\d\w*(\..+)",
        r"\1\2",
    ),
    _form("downloaders of iCloud: live video", r"(.+)_HEVC(\..+)", r"\1\2"),
    _form(
        "exporters: live video",
        r"(.+)[-_](?:live|live-photo|live-video|motion|video)(\.(?:mov|mp4).*)",
        r"\1\2",
    ),
    _form(
        "Google Photos, Lightroom, osxphotos: edited",
        rf"(.+?)[-_ ](?:{_EDITED})(?:[-_ ]?\d+)?(\(\d+\))?(\..+)?",
        r"\1\2\3",
    ),
    _form("Pixel: parts of a shot", rf"(.+?)(?:\.(?:{_PIXEL}))+(~\d+)?(\..+)?", r"\1\2\3", shot=True),
    _form("Lumia: full size", r"(.+)__highres(\..+)", r"\1\2", shot=True),
    _form("camera apps of Android: RAW", r"(.+)[-_]raw(\..+)", r"\1\2", shot=True),
    _form(
        "Shotwell: developed", r"(.+)_[A-Z0-9]{2,4}_(?:shotwell|embedded)(?:_\d+)?(\..+)", r"\1\2", shot=True
    ),
    _form("DxO: exported", r"(.+?)(?:-[A-Z0-9]{3})?_DxO[^.]*(\..+)", r"\1\2"),
    _form("Canon: voice memo", r"SND_(\d{4}\..+)", r"IMG_\1"),
    _form("Sony: facts of a video", r"(.+)M\d\d(\.xml)", r"\1\2"),
    _form("GoPro: small video", r"GL(\d{6}\.lrv)", r"GX\1"),
    _form("GoPro: small video", r"GL(\d{6}\.lrv)", r"GH\1"),
    _form("GoPro MAX: small video", r"GL(\d{6}\.lrv)", r"GS\1"),
    _form("Flickr: facts by number", r"(?:.*_)?(\d{6,})(?:_[0-9a-f]{10})?_o(\..+)", r"photo_\1\2"),
    _form("pictures of models, as Civitai's tools name them", r"(.+)\.preview(\.[^.]+)", r"\1\2"),
    _form("Synology: attributes of other systems", r"(.+)@Syno(?:EAStream|Resource)", r"\1"),
    _form("instaloader: several pictures of a post", r"(.+_UTC)_\d+(\..+)", r"\1\2"),
)
SHARED = (".json", ".aae")  # such a file of a picture serves its edited versions too

PLACES = (  # folders beside a picture with files that are named after it
    *(("captureone", "settings*"), ("captureone", "cache", "*")),  # Capture One: .cos, .comask, .cot, .cop
    ("nksc_param",),  # Nikon: .nksc
    ("silkypix_ds",),  # SILKYPIX, Pentax, Panasonic: .spd
    *(("exposure software", "*"), ("alien skin", "*")),  # Exposure
    *((".picasaoriginals",), ("[[]originals]",)),  # Picasa, of today and of before
    (".comments",),  # gThumb
    *((".photoprism",), (".rawstudio",)),
    ("@eadir",),  # Synology
    (".appledouble",),  # netatalk
)

OF_A_FOLDER = frozenset(  # files that refer to all pictures of a folder; they cannot go with one of them
    (
        *(".picasa.ini", "picasa.ini", "descript.ion", ".bridgesort", "autprint.mrk", "photo details.csv"),
        *(
            "metadata.json",
            "metadaten.json",
            "métadonnées.json",
            "metadatos.json",
            "metadati.json",
            "metagegevens.json",
        ),
        *("shared_album_comments.json", "user-generated-memory-titles.json", "print-subscriptions.json"),
    )
)
