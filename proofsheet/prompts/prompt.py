"""Prompts: Markdown files with a version, one for each job. Those in the home override the built-in ones.

Holds `Prompt`, `load_prompt`, `prompt_digest`, `parse_prompt` and `prompt_names`.
Add here: a placeholder's rules.
Keep out: the texts (*.md).

    ---
    version: 1
    ---
    # System
    …
    # User
    … $placeholder …
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from proofsheet.core.errors import UsageError
from proofsheet.core.files import short_hash

OURS = Path(__file__).parent
_FORM = re.compile(
    r"\A---\s*\n"
    r"version:\s*(?P<version>[\w.-]+)\s*\n---\s*\n# System\s*\n(?P<system>.*?)\n# User\s*\n(?P<user>.*)\Z",
    re.DOTALL,
)


@dataclass(frozen=True)
class Prompt:
    """A prompt of one version."""

    name: str
    version: str
    system: str
    user: str

    @property
    def digest(self) -> str:
        """Hash of the texts."""
        return short_hash(self.system, self.user, length=12)

    @property
    def label(self) -> str:
        """Name, version and hash, as in the rows."""
        return f"{self.name} {self.version} {self.digest[:8]}"

    def filled(self, values: Mapping[str, str]) -> str:
        """The user's part with its placeholders filled; a missing value is empty."""
        names = Template(self.user).get_identifiers()
        return Template(self.user).safe_substitute({n: values.get(n, "") for n in names}).strip()


def load_prompt(name: str, own_folder: Path | None) -> Prompt:
    """The prompt of a job.

    Args:
        name: of the job.
        own_folder: folder of the user's own prompts, `<home>/prompts`.

    Raises:
        UsageError: if a file is not of the form above.
    """
    own = own_folder / f"{name}.md" if own_folder else None
    path = own if own and own.is_file() else OURS / f"{name}.md"
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The prompt {path} cannot be read: {error}.", "Correct or delete it.") from error
    return parse_prompt(name, text, path)


def prompt_digest(name: str, own_folder: Path | None) -> str:
    """Hash of a prompt's texts; `unreadable` for another file, which a run refuses with its reason."""
    try:
        return load_prompt(name, own_folder).digest
    except UsageError:
        return "unreadable"


def parse_prompt(name: str, text: str, path: Path) -> Prompt:
    """A prompt from its file's text.

    Raises:
        UsageError: if the text is not of the form.
    """
    found = _FORM.match(text.replace("\r\n", "\n"))
    if found is None or not Template(found["user"]).is_valid():
        raise UsageError(
            f"The prompt {path} is not of the form '---, version: N, ---, # System, # User'.",
            f"Compare it with {OURS / 'caption.md'}; a dollar sign in the text is written $$.",
        )
    return Prompt(name, found["version"], found["system"].strip(), found["user"].strip())


def prompt_names() -> list[str]:
    """Names of all built-in prompts."""
    return sorted(p.stem for p in OURS.glob("*.md"))
