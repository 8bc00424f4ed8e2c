"""The XML of a Windows event, taken apart into names and values, also where it is cut off.

Source: Windows Event Log, "Event Schema" (https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema). An event has
few and simple elements, so that one pass of a pattern reads it; a parser of XML would refuse one that is not whole.
"""

from __future__ import annotations

import html
import re

from common.cache import remembered
from common.logtype import JsonObject

_QUOTED = r"""(?:'[^'<]*+'|"[^"<]*+")"""
#: An opening or empty element: name, attributes, and the text up to the next tag.
_ELEMENT = re.compile(rf"<([A-Za-z]++)((?:\s++[A-Za-z:]++={_QUOTED})*+)\s*+/?>([^<]*+)")
_ATTRIBUTE = re.compile(rf"([A-Za-z:]++)=({_QUOTED})")
#: What stands for no value.
_PLACEHOLDERS = ("-", "{00000000-0000-0000-0000-000000000000}")
_NOTHING = frozenset(("", *_PLACEHOLDERS))

# As Windows itself renders an event, what is of this one alone stands between what comes again and is remembered: before it the
# provider and what is so of all its events of an id, behind it the channel and the computer.
_IDENTIFIER = r"(\{(?!0{8})[0-9A-Fa-f-]++\})"
#: Time, number, activity, related activity, process and thread.
OWN = re.compile(
    r"SystemTime='([0-9T:-]{19}(?:\.[0-9]{3}|(?=Z)))[0-9]{0,6}Z'/><EventRecordID>([0-9]{1,18}+)</EventRecordID>"
    rf"(?:<Correlation(?: ActivityID='{_IDENTIFIER}')?(?: RelatedActivityID='{_IDENTIFIER}')?/>)?"
    r"(?:<Execution ProcessID='([0-9]++)' ThreadID='([0-9]++)'/>)?"
)
#: Name and value of data that has a name; nothing of any other element. An element that is cut off is none.
_DATA = re.compile(
    rf"<(?!/)(?:Data Name='([^'<]++)'/?>\s*+(?:(?:{'|'.join(map(re.escape, _PLACEHOLDERS))})\s*+(?=<|\Z))?+([^<]*+)|(?=[^<>]*+>))"
)

#: The endpoint of an FSx file system.
_FILE_SYSTEM = re.compile(r"<Computer>\s*(?i:amznfsx[0-9a-z]+)\b")


def of_file_system(text: str) -> bool:
    """Whether the event's computer is an FSx file system, whose events have a type of their own."""
    at = text.find("<Computer>")
    return at >= 0 and _FILE_SYSTEM.match(text, at) is not None


def split(text: str) -> JsonObject:
    """Elements by their names, attributes as "Element Attribute", and the event's data by name in `EventData`.

    Data without a name, and what has the name of another value before it, is a list at `extra`. Placeholders are left out, or
    empty. Empty for what has no element.
    """
    return _rendered(text) or _elements(text)


def _rendered(text: str) -> JsonObject | None:
    """As `_elements`, of an event as Windows renders it; None for any other.

    It is read in parts. This makes no difference, because an element reaches to the next "<".
    """
    provider, _, rest = text.partition("<TimeCreated ")
    own, _, rest = rest.partition("<Channel>")
    channel, end, written = rest.partition("</System>")
    found = OWN.fullmatch(own)
    if found is None or not end:
        return None
    time, number, activity, related, process, thread = found.groups()
    alone = {
        "TimeCreated SystemTime": time,
        "EventRecordID": int(number),
        "Correlation ActivityID": activity,
        "Correlation RelatedActivityID": related,
        "Execution ProcessID": process,
        "Execution ThreadID": thread,
    }
    before, after = _texts(provider), _texts(f"<Channel>{channel}")
    if before is None or after is None:
        return None
    written, end, rendering = written.partition("</EventData>")
    data = _data(f"{written}{end}")
    record = {**before, **alone, **after}
    # A name that stands in two of the parts is one of another value before it.
    if len(record) < len(before) + len(alone) + len(after) or not record.keys().isdisjoint(data):
        return None
    if rendering in ("", "</Event>"):
        return {**record, **data}
    if data.keys() != {"EventData"}:
        return None
    # Elements with the names of System's, and their texts as values.
    extra: list[str] = []
    _keep(rendering, record, data["EventData"], extra)
    return {**record, **data, "extra": extra} if extra else {**record, **data}


@remembered(4_096)
def _texts(part: str) -> JsonObject | None:
    """As `_elements`; None where there is more than elements with a text each."""
    found = _elements(part)
    return None if "EventData" in found or "extra" in found else found


def _data(written: str) -> JsonObject:
    """What stands behind `System`."""
    if not written.startswith("<EventData><"):
        return _elements(written)
    named = _DATA.findall(written, len("<EventData>"))
    data = {name: text.rstrip() for name, text in named}
    if len(data) < len(named) or "" in data:
        return _elements(written)
    if "&" in written:
        data = {name: value for name, text in data.items() if (value := html.unescape(text)) not in _NOTHING}
    return {"EventData": data}


def _elements(text: str) -> JsonObject:
    record: JsonObject = {}
    data: JsonObject = {}
    extra: list[str] = []
    _keep(text, record, data, extra)
    if data:
        record["EventData"] = data
    if extra:
        record["extra"] = extra
    return record


def _keep(text: str, record: JsonObject, data: JsonObject, extra: list[str]) -> None:
    """Puts the elements of `text` to what is there already."""

    def keep(holder: JsonObject, name: str, written: str) -> None:
        value = _value(written)
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


def _value(written: str) -> str:
    return html.unescape(written.strip()) if "&" in written else written.strip()
