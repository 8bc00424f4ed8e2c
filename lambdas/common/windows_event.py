"""The XML of a Windows event, taken apart into names and values, also where it is cut off.

Source: Windows Event Log, "Event Schema" (https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema). An event has
few and simple elements, so that one pass of a pattern reads it; a parser of XML would refuse one that is not whole.
"""

from __future__ import annotations

import html
import re

from common.logtype import JsonObject

_QUOTED = r"""(?:'[^'<]*+'|"[^"<]*+")"""
#: An opening or empty element: name, attributes, and the text up to the next tag.
_ELEMENT = re.compile(rf"<([A-Za-z]++)((?:\s++[A-Za-z:]++={_QUOTED})*+)\s*+/?>([^<]*+)")
_ATTRIBUTE = re.compile(rf"([A-Za-z:]++)=({_QUOTED})")
#: What stands for no value.
_NOTHING = frozenset(("", "-", "{00000000-0000-0000-0000-000000000000}"))


def split(text: str) -> JsonObject:
    """Elements by their names, attributes as "Element Attribute", and the event's data by name in `EventData`.

    Data without a name, and what has the name of another value before it, is a list at `extra`. Placeholders are left out. Empty
    for what has no element.
    """
    record: JsonObject = {}
    data: JsonObject = {}
    extra: list[str] = []

    def keep(holder: JsonObject, name: str, written: str) -> None:
        value = html.unescape(written.strip()) if "&" in written else written.strip()
        if value in _NOTHING:
            return
        if not name or name in holder:
            extra.append(value)
        else:
            holder[name] = value

    for name, attributes, content in _ELEMENT.findall(text):
        if name == "Data":
            named = _ATTRIBUTE.search(attributes)
            keep(data, named[2][1:-1] if named else "", content)
            continue
        keep(record, name, content)
        if name != "Event":
            for attribute, quoted in _ATTRIBUTE.findall(attributes):
                keep(record, f"{name} {attribute}", quoted[1:-1])
    if data:
        record["EventData"] = data
    if extra:
        record["extra"] = extra
    return record
