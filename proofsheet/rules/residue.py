"""Rules on residue of programs and models in texts: invisible signs, markup, data, prompts and chats.

Holds one function a rule.
Add here: another kind of residue, in `_PARTS`.
Keep out: refusals and talk (speech.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from proofsheet.rules.base import GateInput, Issue
from proofsheet.rules.lists import lines
from proofsheet.rules.tokens import Span, find_phrases, outside_quotes
from schemas.settings.gate import GateSettings

_JOINERS = {"\u200c", "\u200d"}  # they hold emoji and some scripts together
_BAD_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_PARTS = {
    "markup": (
        r"</?[a-zA-Z!][^<>]*>|&(?:[a-zA-Z]{2,8}|#\d{1,6});",  # HTML
        # Markdown inside a line
        r"\*\*|__[^_]+__|`|~~|!?\[[^\]]*\]\([^)]*\)|\[\[|\]\]|\[\d+\]|(?<!\w)[*_][^\s*_][^*_]*[*_](?!\w)",
        # and of whole lines
        r"^\s*#{1,6}\s|^\s*>\s|^\s*[-*•]\s+\S.*\s[-*•]\s+\S|^\s*\|.*\|\s*$|^\s*[-=*_]{3,}\s*$",
    ),
    "a list": (
        r"(?:^|\s)1[.)]\s+\S.*(?:^|\s)2[.)]\s+\S|•.*•",
        r"(?:^|\s)\(?a[.)]\s+\S.*\s\(?b[.)]\s+\S",
    ),
    "data or code": (
        r"[{}]|[\"'][\w ]+[\"']\s*:\s*[\"'\[\d]|\"\s*\]|\[\s*\"|\\[\"nrtu]",  # JSON, whole or in pieces
        (
            r"\w\(\)|\w+\([^)]*\)\s*[;{]|=>|[!=]=|;\s*$|\b\w+\s*=\s*[\"'\[]|<\?|\b(?i:def) \w+\(|"
            r"\bprint\(|\breturn \w+;?$"
        ),
        r"\b\w+ = \w[^;,=]*[;,]\s*\w+ = \w",
        r"\b[A-Z]\w*(?:Error|Exception)\b|%[sd]\b|\$\w*[a-z_]\w*",
        r"\b\w+\([\"'“][^)]*[\"'”]\)|\bexit status \d|^[45]\d\d\s+[A-Z]\w+\s[A-Z]\w+\s*$|\b[a-z_]{3,}=\w+",
        r"\b[0-9a-f]{16,}\b|\b(?=[a-f]*\d)(?=\d*[a-f])(?=\w*\d\w*\d)[0-9a-f]{8}\b",
        # bytes in letters
        r"(?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{40,}={0,2}|\b0x[0-9a-f]{2,}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-",
    ),
    "a place for text": (
        r"\[[A-Z_/ ]{2,24}\]|<[^<>]+>|_{3,}|\b[xX]{3,}\b",
        (
            r"(?i:[\[(]\s*(?:insert|your|add|hier|name|subject|object|place|location|colou?r|adjective|"
            r"person|keyword)\b[^\])]*[\])])"
        ),
        r"(?i:\[(?:description|caption|title|image|photo|text|ort|motiv|beschreibung|bild|titel)\b[^\]]*\])",
    ),
    "a link, address or path": (
        (
            r"(?i:\b(?:https?|ftp|file|data)://?\S+|\bwww\.\S+|\b[\w-]+\.(?:com|org|net|io|info|app|dev|"
            r"ai)/\S*)|\bdata:\w+/\w+"
        ),
        r"[\w.+-]+@\w[\w-]*\.\w{2,}|\b[A-Za-z]:\\\S+|(?<![\w/])(?:~|\.{0,2})/[\w.-]+/[\w./-]*",
        (
            r"(?i:\b[\w-]+\.(?:jpe?g|png|gif|tiff?|webp|heic|bmp|svg|pdf|json|txt|mp4|dng|cr[23]|nef|arw|"
            r"py|js|html?)\b)"
        ),
    ),
    "an emoji": ("[\U0001f300-\U0001faff\u2600-\u2604\u2614\u26a1\u2705\u2728\u2764\ufe0f]",),
    "a mark of a network": (r"(?<![\w&/])#[^\W\d_]\w*|(?<![\w.])@[A-Za-z]\w+",),
}
_MARKUP = {what: re.compile("|".join(parts), re.MULTILINE) for what, parts in _PARTS.items()}
_CHAT = re.compile(
    r"<\|[^|>]*\|?>|\[/?INST\]|</?s>|<</?SYS>>|</?think|\[(?:PAD|MASK|UNK|CLS|SEP|EOS|BOS|IMG|IMAGE)\]|"
    r"[▁Ġ�◁▷]|\[(?:img|image|bild)-?\d+\]|<0x|###"
    r"|^\s*(?:system|assistant|user|human|ai|bot)\s*:|[.!?]\s+(?:system|assistant|user|human)\s*:",
    re.I,
)


def control_characters(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """Characters that are not seen: controls, text directions, invisible spaces."""
    for field, text in row.whole():
        for place, sign in enumerate(text):
            if unicodedata.category(sign) in _BAD_CATEGORIES and sign not in _JOINERS:
                yield Issue(
                    "control_characters",
                    field,
                    place,
                    place + 1,
                    f"U+{ord(sign):04X} is not a visible character",
                )
                break


def markup(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """HTML, Markdown, lists, data, links, hashtags, and places that were meant to be filled."""
    for field, text in row.whole():
        for what, pattern in _MARKUP.items():
            if found := pattern.search(text):
                yield Issue("markup", field, found.start(), found.end(), f"{_shown(found.group())} is {what}")
                break


def injection(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """Residue of prompts and chats. The text of a sign in the picture may be in quotation marks."""
    for field, text in row.whole():
        outside = outside_quotes(text)
        marks = _CHAT.search(text)
        found = (
            Span(marks.start(), marks.end())
            if marks
            else next(find_phrases(outside, lines("injection")), None)
        )
        if found:
            said = _shown(text[found.start : found.end])
            yield Issue("injection", field, found.start, found.end, f"{said} is no description of a picture")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
