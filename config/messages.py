"""Pydantic's errors in plain English: the value, the limit and whose it is, and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from config.parts.base import NOT_WHOLE, ConflictError, Page
from config.problem import Path, Problem, shown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_SECTION = "is not a section; write its keys below it, indented, or remove the line"
_WRONG_TYPES = {
    "int_type": NOT_WHOLE,
    "string_type": "is not text; put it in quotes",
    "bool_type": "is not true or false; write one of them",
    "tuple_type": "is not a list; write it as [one, another]",
    "dict_type": _SECTION,
    "model_type": _SECTION,
}


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """Every error of a validation by `model`, each with its place and its remedy."""
    return [problem for detail in error.errors(include_url=False) for problem in _problems(detail, model)]


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section a field of this type holds, `Account` of `Account | None`, or those of its list; None for a plain value."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def pages_of(field: FieldInfo) -> list[Page]:
    """The pages a field's limits stand on."""
    return [item for item in field.metadata if isinstance(item, Page)]


def _problems(detail: ErrorDetails, model: type[BaseModel]) -> Iterator[Problem]:
    path = tuple(part for part in detail["loc"] if part != "[key]")
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, ConflictError):
        yield from (Problem((*path, *found.path), found.text) for found in cause.found)
    else:
        yield Problem(path, str(cause) if cause else _text(detail, path, model))


def _text(detail: ErrorDetails, path: Path, model: type[BaseModel]) -> str:
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind in _WRONG_TYPES:
        return f"{shown(given)} {_WRONG_TYPES[kind]}"
    if kind == "extra_forbidden":
        return _unknown(path, model)
    field = _field(path, model)
    page = "".join(f" ({page.title})" for page in pages_of(field)) if field else ""
    match kind:
        case "missing":
            meaning = (field and field.description) or ""
            return f"missing; add it: {' '.join(meaning.split())}"
        case "greater_than_equal":
            return f"{given} is below the minimum of {context['ge']}{page}; set it to {context['ge']} or more"
        case "less_than_equal":
            return f"{given} is above the maximum of {context['le']}{page}; set it to {context['le']} or less"
        case "too_short":
            return "is empty; give at least one entry"
        case "too_long":
            return f"{len(given)} entries are above the maximum of {context['max_length']}{page}; remove some"
        case "literal_error":
            return f"{shown(given)} is not among the values it takes; write {context['expected']}"
        case _:
            return str(detail["msg"])


def _unknown(path: Path, model: type[BaseModel]) -> str:
    *around, key = path
    section = _section_at(tuple(around), model)
    known = list(section.model_fields) if section else []
    if close := difflib.get_close_matches(str(key), known, n=1):
        return f"unknown key; did you mean `{close[0]}`?"
    if places := [Problem(place, "").dotted for place in _paths(model) if place[-1] == key]:
        return f"unknown key here; it belongs at {' or '.join(f'`{place}`' for place in places)}"
    return f"unknown key; remove it, or use one of: {', '.join(known)}"


def _paths(section: type[BaseModel], around: Path = ()) -> Iterator[Path]:
    for name, field in section.model_fields.items():
        yield (*around, name)
        if inner := section_of(field.annotation):
            yield from _paths(inner, (*around, name))


def _section_at(path: Path, model: type[BaseModel]) -> type[BaseModel] | None:
    field = _field(path, model) if path else None
    return section_of(field.annotation) if field else model


def _field(path: Path, model: type[BaseModel]) -> FieldInfo | None:
    """The field a path leads to; None where it leads into a list of values or a mapping of names, which have no fields. An entry
    of a list of sections is a section."""
    section: type[BaseModel] | None = model
    field: FieldInfo | None = None
    for part in path:
        if isinstance(part, int) and section:
            continue
        field = section.model_fields.get(str(part)) if section else None
        section = section_of(field.annotation) if field else None
    return field
