"""Whether a model sees pictures: the report of its server, and the test with a numbered card.

Holds `Sight`.
Add here: another proof that a model sees.
Keep out: what becomes of questions that a blind model would get (batch.py, inference.py).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from proofsheet.prompts.prompt import Prompt
from proofsheet.texts.client.protocol import (
    OF_THE_SERVER,
    Answer,
    Identity,
    ModelRequestError,
    Options,
    Question,
    Session,
)
from proofsheet.texts.client.retry import Outage, retry
from proofsheet.texts.prompt_images import COLOURS, card
from proofsheet.texts.replies import Exchange
from schemas.replies import CanaryReply
from schemas.settings.vision_model import VisionModelSettings


class Sight:
    """The known properties of the models in one run.

    A model found blind is asked nothing more, with or without a picture.
    """

    def __init__(self) -> None:
        self._blind: dict[str, str] = {}
        self._seeing: set[str] = set()

    def blind(self, model: Identity) -> str:
        """Why a model is not asked; empty if it sees, or if nobody has looked yet."""
        if model.blind:
            return _told(model, model.blind)
        return self._blind.get(_key(model), "")

    async def blindness(
        self,
        model: Identity,
        session: Session,
        outage: Outage,
        prompt: Prompt,
        settings: VisionModelSettings,
        options: Options,
        now: datetime,
        *,
        afresh: bool,
        counted: Callable[[], None],
    ) -> str:
        """Empty if the model reads the number and the colour of a card; else why it is not asked.

        Only wrong answers prove that a model is blind, and are remembered.

        Args:
            model: that answers.
            session: to its server.
            outage: of the server.
            prompt: of the card.
            settings: tries and pauses, and whether a card is shown at all.
            options: of the sampling.
            now: makes the card (UTC, no zone).
            afresh: look again, also at a model that was seen to see.
            counted: called for every request.

        Raises:
            ModelRequestError: if the card was not answered: the server is gone, busy or failing, or an
                answer was cut off.
        """
        known = self.blind(model)
        if known or not settings.canary or (_key(model) in self._seeing and not afresh):
            return known
        number, colour = 10 + now.microsecond % 90, list(COLOURS)[now.second % len(COLOURS)]
        question = Question(
            prompt.system,
            prompt.filled({}),
            (card(number, colour),),
            CanaryReply.model_json_schema(),
            options,
        )
        saw, last = "", None
        for _attempt in range(2):
            last, exchange = None, Exchange(session, question, CanaryReply)

            async def once(
                turn: int, exchange: Exchange[CanaryReply] = exchange
            ) -> tuple[Answer, CanaryReply]:
                counted()
                return await exchange.once(turn)

            try:
                _answer, reply = await retry(
                    once, settings.tries, settings.backoff_s, outage, lambda _trouble: None
                )
            except ModelRequestError as trouble:
                if trouble.kind in OF_THE_SERVER:
                    raise
                saw, last = f"{trouble.kind}: {trouble.message}", trouble
            else:
                if reply.number == number and colour in reply.colour.casefold():
                    self._seeing.add(_key(model))
                    return ""
                saw = f"it saw {reply.number} on {reply.colour!r} where {number} is on {colour}"
            with suppress(ModelRequestError):
                await session.unload()
        if last is not None and last.kind != "off_schema":
            raise last
        self._blind[_key(model)] = _told(model, saw)
        return self._blind[_key(model)]


def _key(model: Identity) -> str:
    return f"{model.backend} {model.name} {model.digest}"


def _told(model: Identity, why: str) -> str:
    return f"the model {model.name} does not see pictures ({why}): choose a vision model in [model] models"
