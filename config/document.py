"""A YAML file as plain values, and the line each of them stands on.

Scalars follow YAML 1.2's core schema, as editors read them: `no` is text and not false, `1:30` is not ninety, a date is
text, a number with a leading zero is text. What YAML would take in silence is refused: a key given twice, a tag, an
alias, a merge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from config.problem import Path, Problem, shown

_CONSTANTS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
#: Longer numbers are text: nothing here is that large, and Python refuses to read more than 4,300 digits.
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_FLOAT = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,18})?([eE][-+]?\d{1,2})?")
_TAGS = {yaml.ScalarNode: "str", yaml.SequenceNode: "seq", yaml.MappingNode: "map"}


class DocumentError(Exception):
    """The text is not YAML. `line` is where reading stopped, from 1, or None where the reader does not say."""

    def __init__(self, problem: str, line: int | None) -> None:
        super().__init__(problem)
        self.line = line


@dataclass
class Document:
    """`value` is made of dict, list, str, int, float, bool and None; `lines` has the line of every key and list item."""

    value: object = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest section around it that the file has."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_document(text: str) -> Document:
    """Reads one YAML document; raises DocumentError where it is not YAML, and lists in `problems` what it refuses."""
    document = Document()
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        if node is not None:
            document.value = _Reader(document).value(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reasons = ", ".join(part for part in (error.context, error.problem) if part)
        raise DocumentError(reasons, mark.line + 1 if mark else None) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise DocumentError(f"the character U+{ord(text[error.position]):04X} is not allowed", line) from error
    except RecursionError as error:
        raise DocumentError("nested too deep", None) from error
    return document


class _Reader:
    """Turns composed nodes into values, noting lines and problems in the document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> object:
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self.seen:
            self.refuse(path, "an alias (`*…`) is not read here; write the value out")
            return None
        self.seen.add(id(node))
        if node.tag != f"tag:yaml.org,2002:{_TAGS[type(node)]}":
            self.refuse(path, f"the tag {node.tag.replace('tag:yaml.org,2002:', '!!')} is not read here; remove it")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, position)) for position, item in enumerate(node.value)]
        text = self.text(node.value, path)
        return _plain(text) if isinstance(node, yaml.ScalarNode) and node.style is None else text

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        values: dict[str, object] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.refuse(path, f"line {line} has a list or a mapping for a key; use a plain name")
                continue
            name = self.text(key.value, path)
            here = (*path, name)
            if name in values:
                self.refuse(here, f"given again on line {line}; keep one of them")
                continue
            self.document.lines[here] = line
            values[name] = self.value(value, here)
        return values

    def text(self, text: str, path: Path) -> str:
        """The text, in which half a surrogate pair, which only an escape can give, is refused: no file could hold it."""
        whole = text.encode(errors="replace").decode()
        if whole != text:
            self.refuse(path, f"{shown(whole)} has an escape that is no character (shown as ?); write the character itself")
        return whole

    def refuse(self, path: Path, text: str) -> None:
        self.document.problems.append(Problem(path, text))


def _plain(text: str) -> object:
    """The value of a scalar that is not in quotes."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
