"""Words in texts, with a score that can be checked by hand.

Holds `find_words` and `labels_there`.
Add here: another way in which a word matches.
Keep out: which texts there are (text_sources.py).

A word counts by the best text of the photo that holds it: the weight of that kind of text, times 1 for the
word itself, 0.8 for the word with another ending of at most two letters (flower, flowers), 0.6 for a longer
word that begins with it (sun, sunset). The score of a photo is the mean over the words. Case, accents and
marks between words count for nothing. In scripts that put no space between words (and in Korean), a word is
found anywhere in a text.
"""

from __future__ import annotations

import re
import unicodedata

import polars as pl

from proofsheet.core.errors import UsageError
from proofsheet.search.text_sources import SearchText

_WORDS = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)
_JOINED = r"(\p{Ll})(\p{Lu})"
_OTHER_ENDING, _BEGINNING = 0.8, 0.6
_ENDING, _LEAST_STEM = 2, 3  # letters
_LOWER, _FOLDED, _WORD, _VALUE, _WHY = "lower", "folded", "word", "value", "why"
_SHOWN = 120  # characters of a text


def words_of(query: str) -> list[str]:
    """The words of a query, folded, each once.

    Raises:
        UsageError: if there is none.
    """
    lower = unicodedata.normalize("NFKD", query).lower().replace("ß", "ss")
    plain = "".join(c for c in lower if not unicodedata.category(c).startswith("M"))
    found = list(dict.fromkeys(_WORDS.findall(unicodedata.normalize("NFC", plain))))
    if not found:
        raise UsageError(
            f"{query!r} holds no word.", "Type a word or a number that a text or label may hold."
        )
    return found


def find_words(texts: pl.DataFrame, query: str) -> pl.DataFrame:
    """The photos of which texts hold words of a query.

    Args:
        texts: with the columns of `SearchText`.
        query: words, in any case and order.

    Returns:
        A frame with photo_id, score (0..1), why and by.

    Raises:
        UsageError: if the query holds no word.
    """
    words = words_of(query)
    lower = _in_lower_case(texts)
    parts = [_matches(lower, word) for word in words]
    best = pl.concat(parts).sort(_VALUE, SearchText.field, descending=[True, False], maintain_order=True)
    best = best.group_by(SearchText.photo_id, _WORD, maintain_order=True).first()
    return best.group_by(SearchText.photo_id, maintain_order=True).agg(
        (pl.col(_VALUE).sum() / len(words)).round(4).alias("score"),
        pl.col(_WHY).unique(maintain_order=True).str.join("; "),
        pl.col(SearchText.by).filter(pl.col(SearchText.by) != "").unique(maintain_order=True).str.join("; "),
    )


def labels_there(texts: pl.DataFrame, most: int) -> list[str]:
    """The labels of most photos, with their number."""
    counts = texts.group_by(SearchText.text).agg(pl.col(SearchText.photo_id).n_unique().alias("photos"))
    ordered = counts.sort("photos", SearchText.text, descending=[True, False]).head(most)
    return [f"{label} × {photos}" for label, photos in ordered.iter_rows()]


def _matches(lower: pl.DataFrame, word: str) -> pl.DataFrame:
    """The texts that hold a word, with what that is worth."""
    column, own = pl.col(_FOLDED), re.escape(word)
    unspaced, has_stem = _UNSPACED.search(word) is not None, len(word) >= _LEAST_STEM
    stem = word if unspaced else word[: max(len(word) - _ENDING, min(len(word), _LEAST_STEM))]
    near = lower.filter(pl.col(_LOWER).str.contains(stem, literal=True))
    near = near.with_columns(_folded(pl.col(SearchText.text)).alias(_FOLDED))
    endings = [re.escape(word[:k]) for k in range(len(stem), len(word))]
    endings += [rf"{own}\w{{1,{_ENDING}}}"] if has_stem else []
    value = (
        pl.when(column.str.contains(own if unspaced else rf"\b{own}\b"))
        .then(1.0)
        .when(column.str.contains(rf"\b(?:{'|'.join(endings) or own})\b"))
        .then(_OTHER_ENDING)
        .when(column.str.contains(rf"\b{own}") & has_stem)
        .then(_BEGINNING)
        .otherwise(0.0)
    )
    return near.select(
        SearchText.photo_id,
        SearchText.field,
        SearchText.by,
        pl.lit(word).alias(_WORD),
        (value * pl.col(SearchText.weight)).alias(_VALUE),
        (pl.col(SearchText.field) + ": " + pl.col(SearchText.text).str.slice(0, _SHOWN)).alias(_WHY),
    ).filter(pl.col(_VALUE) > 0)


def _in_lower_case(texts: pl.DataFrame) -> pl.DataFrame:
    """The texts with a column without case and accents, in which most texts are passed over quickly."""
    ascii_only = pl.col(SearchText.text).str.len_bytes() == pl.col(SearchText.text).str.len_chars()
    simple = texts.filter(ascii_only).with_columns(pl.col(SearchText.text).str.to_lowercase().alias(_LOWER))
    others = texts.filter(~ascii_only).with_columns(_plain(pl.col(SearchText.text)).alias(_LOWER))
    return pl.concat([simple, others])


def _plain(text: pl.Expr) -> pl.Expr:
    lower = text.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    return lower.str.normalize("NFC").str.replace_all("ß", "ss", literal=True)


def _folded(text: pl.Expr) -> pl.Expr:
    """Words in lower case with a space between; a name such as FreshFlower is also two words."""
    apart = text.str.replace_all(_JOINED, "$1 $2")
    whole = pl.when(text.str.contains(_JOINED)).then(text + " " + apart).otherwise(text)
    return _plain(whole).str.replace_all(r"[^\p{L}\p{N}]+", " ")
