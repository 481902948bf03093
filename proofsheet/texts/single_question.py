"""One question outside of a batch, such as the subject of a set.

Holds `ask_one`.
Add here: what only such a question needs.
Keep out: the questions of jobs (inference.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from proofsheet.texts.client.protocol import Answer, ModelRequestError, Question
from proofsheet.texts.client.retry import Outage, retry
from proofsheet.texts.describer import Describer
from proofsheet.texts.prompt_images import model_jpeg
from proofsheet.texts.replies import Exchange, Kind


def ask_one(
    describing: Describer, prompt: str, kind: type[Kind], values: Mapping[str, str], pictures: Sequence[Path]
) -> tuple[Kind, Answer]:
    """One question outside of a batch.

    Args:
        describing: who answers; a server.
        prompt: name of the prompt.
        kind: form of the reply.
        values: for its placeholders.
        pictures: previews.

    Raises:
        ModelRequestError: if there is no server, or no good answer.
    """
    server = describing.choice.server
    if server is None:
        raise ModelRequestError("unreachable", describing.choice.why, retryable=False, strike=False)
    settings, text = describing.settings, describing.prompt(prompt)
    shown = tuple(model_jpeg(p, settings.side_px, settings.jpeg_quality) for p in pictures)
    question = Question(
        text.system, text.filled(values), shown, kind.model_json_schema(), describing.options(prompt)
    )

    async def ask() -> tuple[Answer, Kind]:
        async with server.connect() as session:
            outage, card = Outage(session, 0), describing.prompt("canary")
            given = (server.identity, session, outage, card, settings, question.options, datetime.now(UTC))
            if shown and (
                why := await describing.sight.blindness(*given, afresh=False, counted=lambda: None)
            ):
                raise ModelRequestError("blind", why, retryable=False, strike=False)
            once = Exchange(session, question, kind).once
            return await retry(once, settings.tries, settings.backoff_s, outage, lambda _trouble: None)

    answer, reply = asyncio.run(ask())
    return reply, answer
