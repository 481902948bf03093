"""The keys of the review: pages, help and docs read this table.

Holds `KEYS` and `SINGLES`.
Add here: a key, and its handler of the same name in static/review.js and, for singles, in static/singles.js.
Keep out: handlers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

OWN, LIGHTROOM = "proofsheet", "lightroom"


@dataclass(frozen=True)
class Key:
    """A key and what it does in every view.

    Attributes:
        act: name of the handler.
        keys: values of KeyboardEvent.key, in lower case.
        label: in help and docs.
        does: the description.
        shift: whether Shift is held; None if it makes no difference.
        ctrl: whether Ctrl or Cmd is held.
        profile: the one in which it holds; None for both.
    """

    act: str
    keys: tuple[str, ...]
    label: str
    does: str
    shift: bool | None = False
    ctrl: bool = False
    profile: str | None = None


_ONLY = "; with the Lightroom keys"
_ALWAYS = ("star", "label")  # on the page of single pictures, where digits choose nothing

KEYS = (
    Key("approve", ("a",), "A", "Approve the pick, save, and go to the next set"),
    Key("reject", ("r",), "R", "Reject: keep all pictures, do nothing with them"),
    Key("skip", ("s",), "S", "Skip: decide later"),
    Key(  # some keyboards need Shift for digits
        "pick",
        tuple("123456789"),
        "1 – 9",
        "Pick this picture instead; a click picks any. With the Lightroom keys, digits set stars and labels",
        shift=None,
        profile=OWN,
    ),
    Key("choose", ("y",), "Y", "Choose the picture in the loupe, else the one that is marked by ← and →"),
    Key("next", ("enter", "arrowdown"), "Enter, ↓", "Next set"),
    Key("previous", ("arrowup",), "↑", "Previous set"),
    Key("loupe", (" ",), "Space", "Loupe: one picture large, as by a double click; again: back"),
    Key("left", ("arrowleft",), "←", "Previous picture of the set"),
    Key("right", ("arrowright",), "→", "Next picture of the set"),
    Key(
        "pan",
        ("arrowleft", "arrowright", "arrowup", "arrowdown"),
        "Shift + arrows",
        "Move the picture at 100 % in the loupe",
        shift=True,
    ),
    Key("close", ("escape",), "Esc", "Close the loupe"),
    Key("info", ("i",), "I", "Info in the loupe: camera, histogram, measurements, reasons"),
    Key("full", ("f",), "F", "Full screen"),
    Key("submit", ("enter",), "Shift + Enter", "Submit the decisions", shift=True),
    Key("overlay", ("c",), "C", "Show or hide the crop"),
    Key("edit", ("e",), "E", "Edit the crop"),
    Key("undo", ("u",), "U", "Undo the last decision or mark; not with the Lightroom keys", profile=OWN),
    Key("undo", ("z",), "Ctrl + Z", "Undo the last decision or mark", ctrl=True),
    Key("redo", ("u",), "Shift + U", "Redo the decision or mark", shift=True),
    Key("profile", ("m",), "M", "Change between the Proofsheet keys and the Lightroom keys"),
    Key(
        "star",
        tuple("012345"),
        "0 – 5",
        f"Stars of the picture; 0: none{_ONLY}",
        shift=None,
        profile=LIGHTROOM,
    ),
    Key(
        "label",
        tuple("6789"),
        "6 – 9",
        f"Label: red, yellow, green, blue; the same again: none{_ONLY}",
        shift=None,
        profile=LIGHTROOM,
    ),
    Key("picked", ("p",), "P", f"Flag: picked{_ONLY}", profile=LIGHTROOM),
    Key("refused", ("x",), "X", f"Flag: rejected{_ONLY}", profile=LIGHTROOM),
    Key("unflag", ("u",), "U", f"No flag{_ONLY}", profile=LIGHTROOM),
    Key("zoom", ("z",), "Z", "100 %: all pictures together; in the loupe at the pointer, else at the eyes"),
    Key(
        "pin",
        ("p",),
        "P",
        "Pin the picture under the pointer (or the pick) for comparison; not with the Lightroom keys",
        profile=OWN,
    ),
    Key("pin", ("p",), "Shift + P", "Pin, with either keys", shift=True),
    Key("blind", ("b",), "B", "Blind: hide the pick"),
    Key("grid", ("g",), "G", "Show all sets of the batch"),
    Key("singles", ("s",), "Shift + S", "Show the single pictures", shift=True),
    Key("search", ("/",), "/", "Search this project", shift=None),
    Key("help", ("?",), "?", "This help", shift=None),
)

SINGLES = {
    "approve": "Keep the picture, save, and go to the next",
    "reject": "Reject: the picture stays in its place, and is not described or published",
    "loupe": "Loupe: one picture large; again: back",
    "left": "Previous picture",
    "right": "Next picture",
    "next": "Picture below; in the loupe the next one",
    "previous": "Picture above; in the loupe the one before",
    "zoom": "100 % in the loupe, at the pointer, else at the eyes",
    "pan": "Move the picture at 100 % in the loupe",
    "close": "Close the loupe",
    "info": "Info in the loupe: camera, histogram, measurements",
    "full": "Full screen",
    "submit": "Submit the decisions",
    "undo": "Undo the last decision or mark",
    "redo": "Redo the decision or mark",
    "profile": "Change between the Proofsheet keys and the Lightroom keys",
    "star": "Stars of the picture; 0: none",
    "label": "Label: red, yellow, green, blue; the same again: none",
    "picked": "Flag: picked; with the Lightroom keys",
    "refused": "Flag: rejected; with the Lightroom keys",
    "unflag": "No flag; with the Lightroom keys",
    "singles": "Back to the sets",
    "search": "Search this project",
    "help": "This help",
}


def keys_of_singles() -> list[Key]:
    """The keys of the page of single pictures."""
    return [
        replace(k, does=SINGLES[k.act], profile=None if k.act in _ALWAYS else k.profile)
        for k in KEYS
        if k.act in SINGLES
    ]


def keys_as_dicts(keys: Iterable[Key] = KEYS) -> list[dict[str, object]]:
    """For the pages."""
    return [asdict(k) for k in keys]
