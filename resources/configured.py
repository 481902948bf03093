"""Resources whose fields default to the settings of the user, not to those of the code.

Holds `configured`.
Add here: what is true of every resource that has settings.
Keep out: any one resource.
"""

import copy
from typing import Any, TypeVar

import dagster as dg
from pydantic import BaseModel, create_model

Resource = TypeVar("Resource", bound=dg.ConfigurableResource)  # type: ignore[type-arg]  # of whatever it gives


def configured(kind: type[Resource], *settings: BaseModel, **more: object) -> Resource:
    """A resource with these settings, in a class of its own whose defaults they are.

    Dagster takes a field that the Launchpad leaves out from the defaults of the class, so they have to be those of the user.

    Args:
        kind: class of the resource.
        settings: sections of `proofsheet.toml`.
        more: further fields, such as resources inside this one.
    """
    values = {name: value for section in settings for name, value in section.model_dump().items()} | more
    fields: dict[str, Any] = {}
    for name in values.keys() & kind.model_fields.keys():
        field = copy.copy(kind.model_fields[name])
        if not isinstance(values[name], dg.ConfigurableResource):
            field.default, field.default_factory = values[name], None
        fields[name] = (field.annotation, field)
    return create_model(
        kind.__name__, __base__=kind, __module__=kind.__module__, __doc__=kind.__doc__, **fields
    )(**values)
