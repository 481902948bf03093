"""The proof: what was judged, when, by which rules; attempts are only ever added.

Holds `prove`, `GateCandidate` and `blocked_by`.
Add here: what a verdict leads to.
Keep out: the rules (gate.py), and the rows of the table (proof_rows.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.proof import gate
from proofsheet.proof.assemble import facts_wrote
from proofsheet.proof.lifecycle import NEW, events
from proofsheet.rules.base import GateInput, Issue
from proofsheet.storage.code_version import module_version
from proofsheet.storage.ledger import Ledger
from proofsheet.texts.edits import text_hash
from schemas.edits import TextRequest, Waiver, WordReview
from schemas.media_meta import LifecycleEvent
from schemas.proof import FIELDS, ISSUE_RULE, MetadataQuality, MetadataRepair, ProofAttempt
from schemas.settings.gate import GateSettings

Row = dict[str, Any]
_COMPARED = (
    *(ProofAttempt.status, ProofAttempt.issues, *FIELDS, ProofAttempt.model, ProofAttempt.prompt_version),
    *(ProofAttempt.rules_version, ProofAttempt.sources),
)


@dataclass(frozen=True)
class GateCandidate:
    """Texts that ask to pass.

    Attributes:
        input: for the rules.
        row: of `metadata_repaired`, with the keywords of the vocabulary.
        repaired: whether repair changed anything.
    """

    input: GateInput
    row: Row

    @property
    def repaired(self) -> bool:
        """Whether repair changed anything."""
        return bool(self.row[MetadataRepair.changes])


@dataclass
class GateOutcome:
    """One attempt: the texts, their issues, and the waivers."""

    candidate: GateCandidate
    issues: list[Issue]
    waived: list[Issue]
    status: str = "generated"


AskAgain = Callable[[Mapping[str, Sequence[Issue]]], Mapping[str, GateCandidate]]
Extra = Mapping[str, Sequence[Issue]]


@dataclass
class Judging:
    """What stays the same over the rounds of a judgement."""

    settings: GateSettings
    template_words: frozenset[str]
    published: Sequence[GateInput]
    extra: Extra
    waivers: frozenset[tuple[str, str, str]]
    refused: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    def judge(
        self, accepted: Sequence[GateOutcome], candidates: Sequence[GateCandidate]
    ) -> list[GateOutcome]:
        """A verdict for each candidate beside what was accepted before."""
        before = [replace(v.candidate.input, published=True) for v in accepted]
        found = gate.judge(
            [*self.published, *before, *(c.input for c in candidates)], self.settings, self.template_words
        )
        return [
            self._verdict(c, [*found[c.input.photo_id], *self.extra.get(c.input.photo_id, ())])
            for c in candidates
        ]

    def _verdict(self, candidate: GateCandidate, issues: Sequence[Issue]) -> GateOutcome:
        waived = [i for i in issues if self._is_waived(candidate, i)]
        held = [i for i in issues if i not in waived]
        if not held and (candidate.input.photo_id, _whole_hash(candidate.input.texts)) in self.refused:
            return GateOutcome(candidate, [], waived, "rejected")
        return GateOutcome(candidate, held, waived, _status(held))

    def _is_waived(self, candidate: GateCandidate, issue: Issue) -> bool:
        rule = gate.RULES[issue.rule]
        key = (issue.rule, issue.field, text_hash(candidate.input.texts[issue.field]))
        return rule.may_be_waived and key in self.waivers


def _status(held: Sequence[Issue]) -> str:
    """Accepted without an objection, a draft if all that is missing is a subject, else blocked."""
    if not held:
        return "accepted"
    return "draft" if all(gate.RULES[i.rule].leaves_draft for i in held) else "blocked"


def _whole_hash(texts: Mapping[str, Any]) -> str:
    return text_hash([text_hash(texts[f]) for f in FIELDS])


def prove(
    ledger: Ledger,
    candidates: Sequence[GateCandidate],
    judging: Judging,
    ask_again: AskAgain | None,
    rounds: int,
    now: datetime,
) -> int:
    """Judge the texts, ask for better ones where that may help, and add an attempt where anything changed.

    Args:
        ledger: of the project; keeps the attempts.
        candidates: texts in the order in which the first of two equal ones stays.
        judging: thresholds, waivers and what else is compared.
        ask_again: gives new candidates for refused photos (those it can help); None if nobody can be asked.
        rounds: most automatic rounds; requests for other texts come on top, and are the only rounds after a
            rejection in review.
        now: time of this judgement (UTC, no zone).

    Returns:
        Photos that were asked for again.
    """
    steps: dict[str, list[GateOutcome]] = {}
    accepted: list[GateOutcome] = []
    open_: Sequence[GateCandidate] = candidates
    again, wishes = 0, Counter(r[TextRequest.photo_id] for r in ledger.rows(TextRequest).to_dicts())
    for_people: Counter[str] = Counter()  # rounds so far that a rejection in review requested
    for number in range(rounds + max(wishes.values(), default=0) + 1):
        outcomes = judging.judge(accepted, open_)
        for verdict in outcomes:
            steps.setdefault(verdict.candidate.input.photo_id, []).append(verdict)
        accepted += [v for v in outcomes if v.status == "accepted"]
        refused = {v.candidate.input.photo_id: v.issues for v in outcomes if v.status != "accepted"}
        for_people.update(p for p, issues in refused.items() if not issues)
        free = {p: max(0, number + 1 - for_people[p] - rounds) + for_people[p] <= wishes[p] for p in refused}
        wanted = {p: issues for p, issues in refused.items() if free[p]}
        if ask_again is None or not wanted:
            break
        better = ask_again(wanted)
        again += len(better)
        open_ = list(better.values())
        if not open_:
            break
    _note(ledger, steps, now)
    return again


def _note(ledger: Ledger, steps: Mapping[str, Sequence[GateOutcome]], now: datetime) -> None:
    """Add the attempts of every photo with changes since the last one, each with the steps before it."""
    latest = {row[ProofAttempt.photo_id]: row for row in ledger.rows(ProofAttempt).to_dicts()}
    attempts, happened = list[Row](), list[dict[str, object]]()
    for photo_id, outcomes in steps.items():
        for verdict in outcomes[:-1]:
            verdict.status = "rejected"
        before = latest.get(photo_id)
        rows = [_attempt(v, n) for n, v in enumerate(outcomes)]
        if before is not None and _same(before, rows[-1]):
            continue
        number, state = (
            (int(before[ProofAttempt.attempt]), str(before[ProofAttempt.status])) if before else (0, NEW)
        )
        for verdict, row in zip(outcomes, rows, strict=True):
            number += 1
            path = [state, "generated", *(["repaired"] if verdict.candidate.repaired else []), *_end(verdict)]
            happened += events(photo_id, number, path, now)
            attempts.append(row | {ProofAttempt.attempt: number, ProofAttempt.proved_at: now})
            state = verdict.status
    ledger.add(LifecycleEvent, happened)
    ledger.add(ProofAttempt, attempts)


def _end(verdict: GateOutcome) -> list[str]:
    """A rejection in review comes after the pass."""
    return (
        ["accepted", "rejected"] if verdict.status == "rejected" and not verdict.issues else [verdict.status]
    )


def _same(before: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return all(before[name] == row[name] for name in _COMPARED)


def _attempt(verdict: GateOutcome, number: int) -> Row:
    row, judged = verdict.candidate.row, verdict.candidate.input
    wanted, model = row[MetadataRepair.wanted_model], row[MetadataRepair.model]
    return {
        ProofAttempt.photo_id: judged.photo_id,
        ProofAttempt.status: verdict.status,
        ProofAttempt.issues: [asdict(i) for i in verdict.issues],
        ProofAttempt.waived: [asdict(i) for i in verdict.waived],
        **{f: judged.texts[f] for f in FIELDS},
        ProofAttempt.model: model,
        ProofAttempt.prompt_version: row[MetadataRepair.prompt_version],
        ProofAttempt.rules_version: module_version(gate.__name__),
        ProofAttempt.generated_title: row[MetadataRepair.generated_title],
        ProofAttempt.generated_caption: row[MetadataRepair.generated_caption],
        ProofAttempt.generated_alt_text: row[MetadataRepair.generated_alt_text],
        ProofAttempt.generated_keywords: row[MetadataRepair.generated_keywords],
        ProofAttempt.sources: row[MetadataRepair.sources],
        ProofAttempt.wanted_model: wanted,
        ProofAttempt.fallback_reason: None if wanted in ("", model) else f"{wanted} was not available",
        ProofAttempt.repair_attempts: number,
    }


def judging_of(
    ledger: Ledger, settings: GateSettings, template_words: frozenset[str], extra: Extra
) -> Judging:
    """Everything that a judgement rests on, with the waivers and refusals of people."""
    waivers = frozenset(
        (r[Waiver.rule], r[Waiver.field], r[Waiver.text_hash]) for r in ledger.rows(Waiver).to_dicts()
    )
    texts = {
        (r[ProofAttempt.photo_id], r[ProofAttempt.attempt]): r for r in ledger.rows(ProofAttempt).to_dicts()
    }
    said: dict[
        tuple[str, str], str
    ] = {}  # photo and hash of its texts to the last decision on these very texts
    for row in ledger.rows(WordReview).sort(WordReview.decided_at).to_dicts():
        photo, attempt = row[WordReview.photo_id], row[WordReview.attempt]
        if (photo, attempt) in texts:
            said[photo, _whole_hash(texts[photo, attempt])] = row[WordReview.decision]
    refused = frozenset(key for key, decision in said.items() if decision == "rejected")
    return Judging(settings, template_words, _published(texts.values()), extra, waivers, refused)


def _published(attempts: Iterable[Row]) -> list[GateInput]:
    """Texts that are out; later ones must not say the same."""
    out = (r for r in attempts if r[ProofAttempt.status] == "uploaded")
    return [
        GateInput(
            r[ProofAttempt.photo_id],
            {f: r[f] for f in FIELDS},
            f"a published picture ({r[ProofAttempt.photo_id]})",
            (),
            frozenset(),
            published=True,
            measured=facts_wrote(r[ProofAttempt.sources] or ""),
        )
        for r in out
    ]


def blocked_by(rule: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """A selection of the current rows to which this rule objected."""

    def select(rows: pl.DataFrame) -> pl.DataFrame:
        objections = (
            rows.filter(pl.col(MetadataQuality.is_current))
            .explode(MetadataQuality.issues)
            .drop_nulls(MetadataQuality.issues)
        )
        named = objections.filter(pl.col(MetadataQuality.issues).struct.field(ISSUE_RULE) == rule)
        return named.select(MetadataQuality.photo_id, pl.col(MetadataQuality.issues).struct.unnest())

    return select
