"""The bodies of the API calls, each a pydantic model, and their errors in words.

Holds `Body`, `ProjectBody`, the types of their fields and `read`.
Add here: a type of field that several calls share.
Keep out: the body of one call (it is beside its call).
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from proofsheet.review.decision_request import InvalidRequest

Text = Annotated[str, Field(min_length=1, max_length=200, description="a text of 1 to 200 characters")]
LongText = Annotated[str, Field(min_length=1, max_length=1000, description="a text of 1 to 1000 characters")]
Identity = Annotated[
    str,
    Field(
        pattern="^[A-Za-z0-9-]{8,64}$",
        description="8 to 64 letters, digits and hyphens, such as a UUID",
    ),
]


class Body(BaseModel):
    """A JSON object; a value of another type is refused, a field of another name is ignored.

    The description of a field completes "Send …" in the answer to a wrong value.
    """

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)


class ProjectBody(Body):
    """A call on a project, named by its key or name."""

    project: Text


Sent = TypeVar("Sent", bound=Body)


async def read(request: Request, kind: type[Sent]) -> Sent:
    """The body of a request.

    Raises:
        InvalidRequest: if it is not valid.
    """
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError as error:
        raise _invalid(kind, error) from error


def _invalid(kind: type[Body], error: ValidationError) -> InvalidRequest:
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        return InvalidRequest(f"The body is not JSON: {first['ctx']['error']}.", "Send a JSON object.")
    if not first["loc"]:
        return InvalidRequest("The body is not a JSON object.", "Send one.")
    name = str(first["loc"][0])
    value = "missing" if first["type"] == "missing" else repr(str(first["input"])[:40])
    (field,) = (f for own, f in kind.model_fields.items() if name == (f.alias or own))
    return InvalidRequest(f"{name} is {value}.", f"Send {field.description}.")
