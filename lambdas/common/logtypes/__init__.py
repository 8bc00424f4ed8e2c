"""The registered log types: every file of this folder."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from common.cache import Cache
from common.logtype import JsonObject, LineType, LogType, ObjectType, QuickObject, Unpack


def discover() -> dict[str, LogType]:
    """The type of every file, by its name. Raises ValueError where two claim one name."""
    types: dict[str, LogType] = {}
    for module in sorted(iter_modules(__path__), key=lambda found: found.name):
        if module.ispkg:
            continue  # the samples
        log_type: LogType = import_module(f"{__name__}.{module.name}").LOG_TYPE
        if log_type.name in types:
            raise ValueError(f"logtypes/{module.name}.py: the name {log_type.name!r} is taken by another file: choose another")
        types[log_type.name] = log_type
    return types


_ENVELOPE = frozenset(("type", "tenant", "message"))
#: Every type by its name.
TYPES: dict[str, LogType] = discover()
LINE_TYPES: tuple[LineType, ...] = tuple(found for found in TYPES.values() if isinstance(found, LineType))
#: Those whose keys say most are asked first, those of loose shape last.
OBJECT_TYPES: tuple[ObjectType, ...] = tuple(
    sorted(
        (found for found in TYPES.values() if isinstance(found, ObjectType)),
        key=lambda found: (found.generic, -len(found.keys)),
    )
)
BY_DETAIL_TYPE: dict[str, ObjectType] = {detail: found for found in OBJECT_TYPES for detail in found.detail_types}
#: Keys at which an object may hold a list of records.
LISTS = frozenset(name for found in OBJECT_TYPES for name in found.lists)
#: Those whose records are further in, with the type they are of.
UNPACKED: dict[str, tuple[ObjectType, Unpack]] = {
    name: (found, found.unpack) for found in OBJECT_TYPES if found.unpack for name in found.lists
}

#: Bytes of an opening that are looked at.
OPENING = 9


def _quick_objects() -> dict[bytes, list[tuple[QuickObject, ObjectType]]]:
    quick: dict[bytes, list[tuple[QuickObject, ObjectType]]] = defaultdict(list)
    for found in OBJECT_TYPES:
        if found.quick is not None:
            for opening in {opening[:OPENING] for opening in found.openings}:
                quick[opening].append((found.quick, found))
    return dict(quick)


#: Types with a quick parser, by how the bytes begin that it is for.
QUICK_OBJECTS = _quick_objects()


@cache
def line_types(beginning: str) -> tuple[LineType, ...]:
    """Those to ask whether a line that begins with this character is theirs."""
    return tuple(found for found in LINE_TYPES if not found.begins or beginning in found.begins)


def object_types(keys: tuple[str, ...]) -> tuple[ObjectType, ...]:
    """Those to ask whether an object with these keys is theirs."""
    return _OF_KEYS[keys]


def _of_keys(keys: tuple[str, ...]) -> tuple[ObjectType, ...]:
    names = frozenset(keys)
    return tuple(found for found in OBJECT_TYPES if names.issuperset(found.keys) and found.shape(names))


#: A service writes few shapes of object, over and over.
_OF_KEYS: Cache[tuple[str, ...], tuple[ObjectType, ...]] = Cache(_of_keys, 4_096)


def is_envelope(content: JsonObject) -> bool:
    """Others have a `type` too: it takes a registered one, a tenant beside it, or nothing but the envelope's own keys."""
    name = content.get("type")
    if name is not None and ("tenant" in content or (isinstance(name, str) and name in TYPES)):
        return True
    return "message" in content and len(content) > 1 and content.keys() <= _ENVELOPE
