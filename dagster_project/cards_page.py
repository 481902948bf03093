"""The model cards beside the Dagster UI: read-only pages, plots and contact sheets, to which runs link.

Holds `Cards`, an ASGI application around another.
Add here: another file that a card may have.
Keep out: the content of a card (proofsheet/training/model_cards.py) and the guard before both (guard.py).
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from markdown_it import MarkdownIt
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/proofsheet/cards"
_PATH = re.compile(rf"^{PREFIX}/([0-9a-f]{{32}})(/[a-z-]*(?:\.(?:png|jpg|json|md))?)?$")
_LIST = re.compile(rf"^{PREFIX}/?$")
_POLICY = {
    "content-security-policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'",
    "cache-control": "no-store",
}
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}"
    "td,th{border:1px solid #bbb;padding:.25rem .6rem}"
)


class Cards:
    """Serves `/proofsheet/cards/<model>/` and passes all other requests on.

    Args:
        app: the application behind.
        models: folder of models in the home.
    """

    def __init__(self, app: ASGIApp, models: Path) -> None:
        self._app, self._folder = app, models / "cards"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a card, or pass on."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        await self.answer(scope["method"], scope["path"])(scope, receive, send)

    def answer(self, method: str, path: str) -> Response:
        """The response to a request."""
        if method not in {"GET", "HEAD"}:
            return PlainTextResponse("Model cards are read-only.\n", 405)
        if _LIST.match(path):
            return self._list()
        found = _PATH.match(path)
        if found is None:
            return PlainTextResponse("No such card.\n", 404)
        folder, name = self._folder / found[1], (found[2] or "").lstrip("/")
        if found[2] is None:
            return RedirectResponse(f"{path}/")
        file = folder / (name or "card.md")
        if not file.is_file() or file.is_symlink():
            return PlainTextResponse("No such card.\n", 404)
        if name:
            return FileResponse(file, headers=_POLICY)
        return _page(
            MarkdownIt("commonmark", {"html": False}).enable("table").render(file.read_text("utf-8"))
        )

    def _list(self) -> Response:
        cards = sorted(self._folder.glob("*/card.md"), key=lambda p: -p.stat().st_mtime)
        lines = [(p.parent.name, p.read_text("utf-8").split("\n")) for p in cards]
        items = "".join(
            (
                f'<li><a href="{PREFIX}/{name}/">{html.escape(text[0].lstrip("# "))}</a> '
                f"{html.escape(text[2])}</li>"
            )
            for name, text in lines
        )
        return _page(
            f"<h1>Models</h1><ul>{items or '<li>No model yet. Run: proofsheet models train</li>'}</ul>"
        )


def _page(body: str) -> Response:
    head = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Proofsheet: "
        f"models</title><style>{_STYLE}</style>"
    )
    return HTMLResponse(f"{head}<main>{body}</main></html>", headers=_POLICY)
