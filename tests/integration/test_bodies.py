"""What the calls of the review app accept, and what they say of everything else."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from dagster_project.review.api import ApprovalBody, DecisionBody, NoteBody, StepBody
from dagster_project.review.bodies import Body, ProjectBody, read
from dagster_project.review.intake_api import IntakeBody
from dagster_project.review.metadata_api import EditBody, TextDecisionBody
from dagster_project.review.publish_api import RemovalBody
from dagster_project.review.runs_api import PromptBody
from proofsheet.review.decision_request import InvalidRequest

ID = "0f0e0d0c-8"
DECISION = {"project": "p", "verdict_id": ID, "group_id": "g", "version": "1", "action": "pick"}
STEP = {"project": "p", "act": "undo", "step_id": ID}
APPROVAL = {"project": "p", "least": 0.9, "bulk_id": ID}
NOTE = {"project": "p", "text": "t", "kind": "note", "note_id": ID}


def sent(kind: type[Body], content: bytes) -> Any:
    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    return asyncio.run(read(Request({"type": "http", "headers": []}, receive), kind))


@pytest.mark.parametrize(
    ("kind", "body", "problem", "next_step"),
    [
        (ProjectBody, {}, "project is missing.", "a text of 1 to 200 characters"),
        (ProjectBody, {"project": ""}, "project is ''.", "a text of 1 to 200 characters"),
        (ProjectBody, {"project": 1}, "project is '1'.", "a text of 1 to 200 characters"),
        (ProjectBody, {"project": "x" * 201}, f"project is {'x' * 40!r}.", "a text of 1 to 200 characters"),
        (DecisionBody, {**DECISION, "verdict_id": "short"}, "verdict_id is 'short'.", "such as a UUID"),
        (DecisionBody, {**DECISION, "verdict_id": f"{ID}\n"}, "verdict_id is", "such as a UUID"),
        (DecisionBody, {**DECISION, "choice": 5}, "choice is '5'.", "the id of a picture or null"),
        (DecisionBody, {**DECISION, "crop": [0, 0, 1]}, "crop is", "four numbers or null"),
        (DecisionBody, {**DECISION, "crop": [0, 0, "1", 1]}, "crop is '1'.", "four numbers or null"),
        (DecisionBody, {**DECISION, "crop": [0, 0, 1, True]}, "crop is 'True'.", "four numbers or null"),
        (DecisionBody, {**DECISION, "blind": "yes"}, "blind is 'yes'.", "true or false"),
        (DecisionBody, {**DECISION, "seconds": float("nan")}, "seconds is 'nan'.", "a number or null"),
        (DecisionBody, {**DECISION, "seconds": True}, "seconds is 'True'.", "a number or null"),
        (DecisionBody, {**DECISION, "seen": 7}, "seen is '7'.", "the id of a decision or null"),
        (StepBody, {**STEP, "act": "jump"}, "act is 'jump'.", "undo or redo"),
        (ApprovalBody, {**APPROVAL, "least": 0.4}, "least is '0.4'.", "a confidence from 0.5 to 1"),
        (ApprovalBody, {**APPROVAL, "least": "1"}, "least is '1'.", "a confidence from 0.5 to 1"),
        (ApprovalBody, {**APPROVAL, "least": True}, "least is 'True'.", "a confidence from 0.5 to 1"),
        (ApprovalBody, {**APPROVAL, "technical": 1}, "technical is '1'.", "true or false"),
        (NoteBody, {**NOTE, "text": ""}, "text is ''.", "a text of 1 to 4000 characters"),
        (NoteBody, {**NOTE, "group_id": 3}, "group_id is '3'.", "the id of a set or null"),
        (IntakeBody, {"project": "p", "sets": []}, "sets is '[]'.", "1 to 500 folders"),
        (IntakeBody, {"project": "p", "sets": [{"subject": "x"}]}, "sets is missing.", "1 to 500 folders"),
        (IntakeBody, {"project": "p", "sets": [{"folder": "a", "hints": 4}]}, "sets is '4'.", "at most 500"),
        (EditBody, {"project": "p", "field": "title", "value": 5}, "value is '5'.", "a text; for keywords"),
        (EditBody, {"project": "p", "field": "f", "value": [1]}, "value is '[1]'.", "a text; for keywords"),
        (TextDecisionBody, {"project": "p", "decision": "maybe"}, "decision is 'maybe'.", "approved or"),
        (
            TextDecisionBody,
            {"project": "p", "decision": "rejected", "reason": "x" * 1001},
            "reason is",
            "a text of at most 1000 characters, or null",
        ),
        (RemovalBody, {"project": "p", "target": "t", "name": None}, "name is 'None'.", "a text of 1 to"),
        (PromptBody, {"name": "n", "text": "x" * 20_001, "digest": "d"}, "text is", "1 to 20000 characters"),
    ],
)
def test_a_wrong_value_is_named_with_what_to_send(
    kind: type[Body], body: dict[str, object], problem: str, next_step: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        sent(kind, json.dumps(body).encode())
    assert caught.value.what.startswith(problem)
    assert caught.value.next_step.startswith("Send ")
    assert next_step in caught.value.next_step


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "The body is not JSON"),
        (b'{"project": "p"', "The body is not JSON"),
        (b'{"project": "\\ud800"}', "The body is not JSON"),
        (b"[" * 100_000, "The body is not JSON"),
        (b"[]", "The body is not a JSON object."),
        (b"null", "The body is not a JSON object."),
    ],
    ids=["empty", "cut off", "half a character", "deep", "list", "null"],
)
def test_what_is_no_object_is_called_so(content: bytes, problem: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        sent(ProjectBody, content)
    assert caught.value.what.startswith(problem)


def test_every_field_says_what_to_send() -> None:
    kinds = [Body]
    for kind in kinds:
        kinds += kind.__subclasses__()
    for kind in (k for k in kinds if k.__name__.endswith("Body")):
        for name, field in kind.model_fields.items():
            assert field.description, f"{kind.__name__}.{name}"


def test_whole_numbers_fit_a_crop_and_fields_of_a_newer_page_are_ignored() -> None:
    body = sent(DecisionBody, json.dumps({**DECISION, "crop": [0, 0, 1, 1], "colour": "red"}).encode())
    assert (body.crop, body.blind, body.seconds) == ((0.0, 0.0, 1.0, 1.0), False, None)
