"""The registered log types: every file of this folder."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from common.logtype import LineType, LogType, ObjectType


def discover() -> dict[str, LogType]:
    """The type of every file, by its name. Raises ValueError where two claim one name."""
    types: dict[str, LogType] = {}
    for module in sorted(iter_modules(__path__), key=lambda found: found.name):
        log_type: LogType = import_module(f"{__name__}.{module.name}").LOG_TYPE
        if log_type.name in types:
            raise ValueError(f"logtypes/{module.name}.py: the name {log_type.name!r} is taken by another file: choose another")
        types[log_type.name] = log_type
    return types


#: Every type by its name.
TYPES: dict[str, LogType] = discover()
#: In the order in which they are asked whether a line, or an object, is theirs.
LINE_TYPES: tuple[LineType, ...] = tuple(found for found in TYPES.values() if isinstance(found, LineType))
OBJECT_TYPES: tuple[ObjectType, ...] = tuple(
    sorted((found for found in TYPES.values() if isinstance(found, ObjectType)), key=lambda found: found.generic)
)
BY_DETAIL_TYPE: dict[str, ObjectType] = {detail: found for found in OBJECT_TYPES for detail in found.detail_types}
