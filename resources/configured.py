"""Sections of the settings as resources with the values of the user as their defaults.

Holds `configured`.
Add here: behaviour of every resource with settings.
Keep out: any one resource.
"""

import copy
from typing import Any

import dagster as dg
from pydantic import BaseModel, create_model


def configured(kind: type[BaseModel], *settings: BaseModel, **more: object) -> Any:  # noqa: ANN401 - a resource of that kind
    """A resource in its own class with these settings as defaults; the Launchpad shows and overrides them.

    Dagster fills a field that the Launchpad omits with the default of the class, so it must be the user's.

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
