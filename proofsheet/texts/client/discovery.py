"""Which server and model describe pictures: the first that answers and has a model.

Holds `choose_server`.
Add here: another backend, in the order of `auto`.
Keep out: talking (the other modules). Those are imported once something listens: they take a sixth of the
time in which the program starts, and most machines have no server.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from proofsheet.core.errors import UsageError
from proofsheet.texts.client.protocol import Identity, ModelRequestError, RequestLimits, Server
from proofsheet.texts.model_names import NAME_DIGEST, model_name, name_digest
from schemas.settings.vision_model import VisionModelSettings

DEFAULT_URL = "http://127.0.0.1:11434"
_KNOWN_FOR_S = 15.0
_CONNECT_S = 3.0
_SEEING = {"multimodal", "vision"}
_TAG = ":latest"
_UNNAMED = {"auto", "embedded"}
_NEXT_STEP = "Start the server, or correct [model] in proofsheet.toml; `proofsheet doctor` tries it."
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class ServerChoice:
    """The current server, or why no server is available."""

    server: Server | None
    why: str


_known: dict[tuple[str, str], tuple[float, ServerChoice]] = {}


def ollama_url(settings: VisionModelSettings, environment: Mapping[str, str]) -> str:
    """Address of Ollama: the setting, OLLAMA_HOST, or the default."""
    found = settings.ollama_url or environment.get("OLLAMA_HOST", "") or DEFAULT_URL
    return found if "://" in found else f"http://{found}"


def choose_server(settings: VisionModelSettings, clock: Callable[[], float] = time.monotonic) -> ServerChoice:
    """The current server and model; servers are asked at most every few seconds.

    Raises:
        UsageError: if an address is not valid.
    """
    url = ollama_url(settings, os.environ)
    key = (repr(settings), url)
    if key in _known and clock() - _known[key][0] < _KNOWN_FOR_S:
        return _known[key][1]
    found = _choose(settings, url)
    _known[key] = (clock(), found)
    return found


def missing_server(settings: VisionModelSettings) -> str:
    """Why the server that the settings name cannot be asked, and the next step.

    Empty if it can be asked, and if the settings name none: `auto` takes what is there.
    """
    if settings.backend in _UNNAMED:
        return ""
    choice = choose_server(settings)
    return "" if choice.server else f"{choice.why}. {_NEXT_STEP}"


def _choose(settings: VisionModelSettings, url: str) -> ServerChoice:
    reasons: list[str] = []
    if settings.backend in {"auto", "ollama"}:
        if _is_refused(url):
            reasons.append(f"Ollama at {url}: nothing listens at the address")
        elif found := _tried(lambda: _ollama(settings, url), f"Ollama at {url}", reasons):
            return ServerChoice(found, "")
    if settings.backend in {"auto", "openai"}:
        if settings.openai_url:
            found = _tried(lambda: _openai(settings), f"the server at {settings.openai_url}", reasons)
            if found:
                return ServerChoice(found, "")
        elif settings.backend == "openai":
            reasons.append("[model] openai_url is empty")
    return ServerChoice(None, "; ".join(reasons) or "[model] backend is embedded")


def _is_refused(url: str) -> bool:
    """Whether a connection is refused at once.

    Every other answer, and an invalid address, is for the client.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
        if parts.hostname and port:
            socket.create_connection((parts.hostname, port), timeout=_CONNECT_S).close()
    except ConnectionRefusedError:
        return True
    except (OSError, ValueError):
        return False
    return False


def _tried(make: Callable[[], Server | str], where: str, reasons: list[str]) -> Server | None:
    import httpx

    try:
        found = make()
    except ModelRequestError as trouble:
        reasons.append(f"{where}: {trouble.message}")
        return None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError) as error:
        raise UsageError(
            f"{where} is no address: {error}.", "Correct it in [model], such as http://127.0.0.1:11434."
        ) from error
    if isinstance(found, str):
        reasons.append(f"{where}: {found}")
        return None
    return found


def _limits(settings: VisionModelSettings) -> RequestLimits:
    return RequestLimits(settings.idle_s, settings.hard_s)


def _ollama(settings: VisionModelSettings, url: str) -> Server | str:
    from proofsheet.texts.client import ollama

    digests = ollama.installed(url)
    listed = _listed(settings.models, digests)
    able = {name: ollama.capabilities(url, name) for name in listed or sorted(digests)}
    identity = _identity("ollama", settings.models, digests, able)
    return (
        identity
        if isinstance(identity, str)
        else ollama.OllamaServer(url, identity, _limits(settings), settings.keep_alive)
    )


def _openai(settings: VisionModelSettings) -> Server | str:
    from proofsheet.texts.client import openai

    able = openai.installed(settings.openai_url)
    identity = _identity("openai", settings.models, {n: NAME_DIGEST + n for n in able}, able)
    return (
        identity
        if isinstance(identity, str)
        else openai.OpenAIServer(settings.openai_url, identity, _limits(settings))
    )


def _listed(wanted: Sequence[str], digests: Mapping[str, str]) -> list[str]:
    """The models that the settings name and that are installed, best first."""
    return [n for m in wanted if (n := _installed_name(m, digests))]


def _installed_name(wanted: str, digests: Mapping[str, str]) -> str | None:
    """`llava` means `llava:latest`, as in Ollama itself; a model file may be named without its folder."""
    exact = next((n for n in (wanted, wanted + _TAG) if n in digests), None)
    return exact or next((n for n in sorted(digests) if model_name(n) == model_name(wanted)), None)


def _blindness(able: frozenset[str] | None) -> str:
    """The sign of a server that a model reads no pictures; empty without such a sign."""
    return (
        ""
        if able is None or able & _SEEING
        else f"the server lists it as {', '.join(sorted(able)) or 'able to do nothing'}"
    )


def _identity(
    backend: str, wanted: Sequence[str], digests: Mapping[str, str], able: Mapping[str, frozenset[str] | None]
) -> Identity | str:
    """The model that will answer, or why there is no model.

    It is the first wanted one with vision, else the first installed one.
    """
    blind = {name: _blindness(found) for name, found in able.items()}
    listed = _listed(wanted, digests)
    seeing = [n for n in listed or able if not blind.get(n)]
    if wanted and not listed:
        there = ", ".join(sorted(map(model_name, digests))) or "nothing"
        return f"none of {', '.join(map(model_name, wanted))} is installed (there: {there})"
    if not listed and not seeing:
        return "no model that sees is installed"
    served_as = (seeing or listed)[0]
    name = model_name(served_as)
    first = model_name(wanted[0]) if wanted else name
    is_blind = bool(wanted) and blind.get(_installed_name(wanted[0], digests) or "")
    missing = "does not see pictures" if is_blind else "is not installed"
    why = "" if name in (first, first + _TAG) else f"{first} {missing}"
    thinks = "thinking" in (able.get(served_as) or ())
    digest = name_digest(digests[served_as])
    return Identity(backend, name, first, digest, served_as, why, blind.get(served_as, ""), thinks)
