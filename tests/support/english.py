"""The wording of everything that people read: wordings to avoid, and where prose is found.

Holds `AVOIDED`, `prose_of` and `findings`; `python -m tests.support.english` counts the findings of each
area, and lists those of the areas or paths that are named.
Add here: a wording to avoid, with an example and what to write instead.
Keep out: which areas must be clean (tests/test_english.py).
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
AREAS = (
    "schemas",
    "proofsheet",
    "resources",
    "assets",
    "dagster_project",
    "demo",
    "benchmarks",
    "docs",
    "pages",
)
# Strings of these files are data, such as the words that a rule looks for. Only their docstrings are prose.
DATA = re.compile(
    r"proofsheet/rules/|proofsheet/metadata/|proofsheet/library/\w*nam"
    r"|benchmarks/(strange_texts|lookalike|made_|written_|hidden_judge)"
)
OTHERS = re.compile(r"/vendor/|proofsheet/prompts/.*\.md$|benchmarks/hidden_judge\.py")


@dataclass(frozen=True)
class Wording:
    """A wording to avoid: a pattern, a text that has it, and the same text as it should read."""

    pattern: str
    example: str
    instead: str


AVOIDED = (
    Wording(r"mend(s|ed|ing)?", "Each line has its mend.", "Each line has its next step."),
    Wording(r"anew", "The file is read anew.", "The file is read again."),
    Wording(r"whose", "Photos whose file is gone.", "Photos without a file."),
    Wording(r"told|tell|tells|telling", "It is told in status.", "The status shows it."),
    Wording(r"said", "What a model said.", "The answer of a model."),
    Wording(r"in force", "The prompts in force.", "The current prompts."),
    Wording(r"com(es?|ing) along", "A file as it comes along.", "The next file."),
    Wording(
        r"ma(kes?|de) ((it|them|\w+ tables?) )?stale", "An edit makes it stale.", "It is stale after an edit."
    ),
    Wording(
        r"(?<!short-)(?<!short)cuts?(?![- ](off|short|out)\b)",
        "A cut of the picture.",
        "A crop of the picture.",
    ),
    Wording(r"kept", "The answer is kept.", "The answer is saved."),
    Wording(r"g[ia]ves? out|given out|giving out", "It gives out rows.", "It exports rows."),
    Wording(r"t(ake|akes|aken|ook|aking) (in|out)", "It takes in rows.", "It imports rows."),
    Wording(r"br(ing|ings|ought) (in|over)", "Ledgers are brought over.", "Ledgers are migrated."),
    Wording(r"in vain", "A model that was asked in vain.", "A model that did not answer."),
    Wording(r"(?<!to )(stands?|stood)(?! (for|alone))", "It stands in the table.", "It is in the table."),
    Wording(r"lies?|lain", "A file lies beside it.", "A file is beside it."),
    Wording(r"an?y? person('s)?(?! (in|on|or|visible))", "A person decides.", "You decide."),
    Wording(r"at work", "While a run is at work.", "While a run is active."),
    Wording(r"(last|first|next|second|each|every|one) look", "Since the last look.", "Since the last scan."),
    Wording(r"the whole way", "Run it the whole way.", "Run the full pipeline."),
    Wording(r"(?<!there )(is|are|was|were) none", "Keywords that are none.", "Words that are not keywords."),
    Wording(r"where (none|nothing)", "Where nothing is stale.", "Without stale tables."),
    Wording(
        r"nor (is|are|was|were|do|does|did|can|has|have)", "Nor does it move.", "It does not move either."
    ),
    Wording(r"(hence|thus|thereof|wherein|therein|upon|nought|whither)", "Upon a change.", "After a change."),
    Wording(r"(counts?|count) in no|in no \w+ and", "It counts in no metric.", "The metrics leave it out."),
    Wording(r"so that\b[^.]*\bso that", "So that a, so that b.", "This gives a. It also gives b."),
    Wording(
        r"what (is|are|was|were|has|have|had|can|cannot|does) (?:[\w'-]+,? ){1,7}?"
        r"(is|are|was|were|counts?|stays?|goes|has)\b(?![^.]*\?)",
        "What is approved at once is left out.",
        "Bulk approvals are left out.",
    ),
)
_PATTERNS = [(w, re.compile(rf"(?<![\w-])(?:{w.pattern})(?![\w])", re.I)) for w in AVOIDED]


@dataclass(frozen=True)
class Finding:
    """One avoided wording: file, line of the text, the words, and their surroundings."""

    path: str
    line: int
    words: str
    context: str
    instead: str

    def __str__(self) -> str:
        """One line for a failing test."""
        return f"{self.path}:{self.line}: {self.words!r} in “{self.context}” (such as: {self.instead})"


def found_in(text: str) -> list[tuple[Wording, re.Match[str]]]:
    """Every avoided wording of one text."""
    return [(wording, match) for wording, pattern in _PATTERNS for match in pattern.finditer(text)]


def findings(area: str) -> list[Finding]:
    """Every avoided wording of an area."""
    found = []
    for path in files_of(area):
        for line, raw in prose_of(path):
            text = re.sub(r"\s+", " ", raw)
            for wording, match in found_in(text):
                context = text[max(0, match.start() - 50) : match.end() + 50]
                name = str(path.relative_to(ROOT))
                found.append(Finding(name, line, match.group(), context, wording.instead))
    return found


def files_of(area: str) -> list[Path]:
    """The files of an area in which prose may be; `pages` is what people wrote in Markdown."""
    kinds = (
        ["*.md"] if area == "pages" else [f"{area}/**/*.{e}" for e in ("py", "html", "js")] + [f"{area}/*.py"]
    )
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *kinds],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    )
    paths = [ROOT / name for name in sorted(set(listed.stdout.splitlines())) if not OTHERS.search(name)]
    return [
        p
        for p in paths
        if p.is_file() and not (p.suffix == ".md" and "Generated by" in p.read_text("utf-8")[:200])
    ]


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """The prose of a file, with the line at which each piece begins; code is left out."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        yield from _python(ast.parse(text), bool(DATA.search(str(path.relative_to(ROOT)))))
    elif path.suffix == ".md":
        yield from _markdown(text)
    elif path.suffix == ".html":
        yield from _blocks(
            re.sub(r"{[{%#].*?[#%}]}|<(script|style)\b.*?</\1>|<[^>]*>", _blank, text, flags=re.S)
        )
    else:
        for number, line in enumerate(text.splitlines(), 1):
            for match in re.finditer(r"\"([^\"]*)\"|'([^']*)'|`([^`]*)`|//(.*)|^ \*(.*)", line):
                piece = re.sub(r"\${[^}]*}", "…", next(g for g in match.groups() if g is not None))
                yield from ([(number, piece)] if _is_sentence(piece) else [])


def _python(tree: ast.Module, only_docstrings: bool) -> Iterator[tuple[int, str]]:
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(n.body[0].value)
        for n in ast.walk(tree)
        if isinstance(n, holders) and n.body and isinstance(n.body[0], ast.Expr)
    }
    inner = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
    inner |= {id(n.slice) for n in ast.walk(tree) if isinstance(n, ast.Subscript)}  # keys are code
    for node in ast.walk(tree):
        piece = ""
        if isinstance(node, ast.JoinedStr) and not only_docstrings:
            piece = "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            piece = node.value if id(node) in docstrings or not only_docstrings else ""
        if _is_sentence(piece):
            # `name:` of an argument is code
            yield node.lineno, re.sub(r"`[^`]*`|^ +\w+(?=: )", "…", piece, flags=re.M)


def _markdown(text: str) -> Iterator[tuple[int, str]]:
    text = re.sub(r"^( *)```.*?^\1```", _blank, text, flags=re.S | re.M)
    text = re.sub(r"`[^`\n]*`", _blank, text)
    yield from _blocks(re.sub(r"\[\w+\.py\]|\]\([^)]*\)|<[^>\n]*>", _blank, text))


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    line = 1
    for block in re.split(r"(\n\s*\n)", text):
        yield line, block
        line += block.count("\n")


def _blank(match: re.Match[str]) -> str:
    return "…" + "\n" * match.group().count("\n")


def _is_sentence(text: str) -> bool:
    return len(re.findall(r"[A-Za-z]{2,}", text)) > 2 and " " in text.strip()


if __name__ == "__main__":
    wanted = sys.argv[1:]
    for name in AREAS:
        hits = findings(name)
        sys.stdout.write(f"{name}: {len(hits)}\n")
        sys.stdout.writelines(
            f"  {h}\n" for h in hits if any(w == name or h.path.startswith(w) for w in wanted)
        )
