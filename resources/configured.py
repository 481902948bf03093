"""Sections of the settings as resources, whose fields default to what the user has set, not to the defaults of the code.

Holds `configured`.
Add here: what is true of every resource that has settings.
Keep out: any one resource.
"""

import copy
from typing import Any

import dagster as dg
from pydantic import BaseModel, create_model


def configured(kind: type[BaseModel], *settings: BaseModel, **more: object) -> Any:  # noqa: ANN401 - a resource of that kind
    """A resource with these settings, in a class of its own whose defaults they are; the Launchpad shows and overrides them.

    Dagster takes a field that the Launchpad leaves out from the defaults of the class, so they have to be those of the user.

    Args:
        kind: class of the resource, or a class of settings, which becomes one.
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
    bases = kind if issubclass(kind, dg.ConfigurableResource) else (kind, dg.ConfigurableResource)
    made: Any = create_model(
        kind.__name__, __base__=bases, __module__=kind.__module__, __doc__=kind.__doc__, **fields
    )
    return made(**values)
