"""One thing, one name: classes, public names and the glossary."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = [
    p
    for r in ("schemas", "proofsheet", "resources", "assets", "dagster_project")
    for p in sorted((ROOT / r).rglob("*.py"))
]
UNTELLING = {"found", "told", "said", "seen", "given", "shown", "along", "asked", "judged", "looked"}
GLOSSARY = ROOT / "docs" / "glossary.md"


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    for path in SOURCES:
        yield from ((path, node) for node in parsed(path).body if isinstance(node, ast.ClassDef))


def public(name: str) -> bool:
    return not name.startswith("_")


def test_a_public_class_name_is_that_of_one_class() -> None:
    places = defaultdict(list)
    for path, node in classes():
        if public(node.name):
            places[node.name].append(str(path.relative_to(ROOT)))
    assert not {name: found for name, found in places.items() if len(found) > 1}


def test_no_public_name_is_a_bare_participle() -> None:
    bad = []
    for path, node in classes():
        fields = [
            b.target.id for b in node.body if isinstance(b, ast.AnnAssign) and isinstance(b.target, ast.Name)
        ]
        methods = [b.name for b in node.body if isinstance(b, ast.FunctionDef | ast.AsyncFunctionDef)]
        if public(node.name):
            bad += [f"{path.name}: {node.name}.{name}" for name in (*fields, *methods) if name in UNTELLING]
    for path in SOURCES:
        functions = [
            n.name for n in parsed(path).body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        bad += [f"{path.name}: {name}" for name in functions if name in UNTELLING]
    assert not bad


def test_the_glossary_is_sorted_and_what_it_names_exists() -> None:
    text = GLOSSARY.read_text("utf-8")
    terms = re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.M)
    assert len(terms) > 40
    assert terms == sorted(set(terms))
    known = {p.stem for p in SOURCES}
    for path in SOURCES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                known |= {
                    str(k.value.value)
                    for k in node.keywords
                    if k.arg == "name" and isinstance(k.value, ast.Constant)
                }
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                known.add(node.name)
    assert set(re.findall(r"`(\w+)`", text)) - {"code"} <= known
