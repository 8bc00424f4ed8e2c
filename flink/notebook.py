"""Compiles notebooks, kept as Markdown, to notes of Apache Zeppelin, which Studio imports.

A notebook begins with its title (`# …`). What is fenced is a paragraph to run, the rest between is one to read. The line of a
fence names the language, for whoever reads the page, and then the interpreter with its options, as Zeppelin writes them:

    ```sql %flink.ssql(type=update, refreshInterval=5000)

Interpreters: Managed Service for Apache Flink developer guide, "Deploy as an application with durable state", of which a note may
have these. Options: Apache Zeppelin, "Flink Interpreter for Apache Zeppelin". The note: Zeppelin's `Note` and `Paragraph`; what a
run leaves behind is not written.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).resolve().parent / "notebooks"
SUFFIX = ".zpln"

#: Interpreter → language of Zeppelin's editor.
_INTERPRETERS: Mapping[str, str] = {
    "flink": "scala",
    "flink.ssql": "sql",
    "flink.pyflink": "python",
    "flink.ipyflink": "python",
}
_OPTIONS = frozenset(
    (
        "jobName",
        "maxParallelism",
        "parallelism",
        "refreshInterval",
        "resumeFromLatestCheckpoint",
        "resumeFromSavepoint",
        "runAsOne",
        "savepointDir",
        "template",
        "threshold",
        "type",
    )
)
_TYPES = ("single", "update", "append")
_FENCE = re.compile(r"```+")
_TITLE = re.compile(r"# +(\S.*?)\s*")
_DIRECTIVE = re.compile(r"[a-z]+ +(%([a-z.]+)(?:\((.*)\))?)\s*")
#: What Zeppelin calls the version of its own notes; those of Studio are of this one.
_VERSION = "0.9.0"
#: Of a note's id: digits and letters that are not taken for one another.
_LETTERS = "123456789ABCDEFGHJKMNPQRSTUVWXYZ"
_ID_LENGTH = 9


class NotebookError(Exception):
    """A notebook cannot be compiled: file, line, what is wrong, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A paragraph of a notebook."""

    line: int
    """Where its text begins in the file, from 1."""
    interpreter: str
    """`md`, or one of those that run."""
    directive: str
    """The interpreter with its options, as the fence has it: `%flink.ssql(type=update)`."""
    options: Mapping[str, str]
    text: str


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """A notebook as it is read."""

    title: str
    paragraphs: tuple[Paragraph, ...]

    def note(self) -> dict[str, Any]:
        """Zeppelin's note: the same of the same notebook."""
        digest = hashlib.sha256(self.title.encode()).digest()
        return {
            "paragraphs": [_paragraph(one, f"paragraph_{digest.hex()[:13]}_{at}") for at, one in enumerate(self.paragraphs, 1)],
            "name": self.title,
            # A note that is imported gets one of Zeppelin's own.
            "id": "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:_ID_LENGTH]),
            "defaultInterpreterGroup": "flink",
            "version": _VERSION,
            "noteParams": {},
            "noteForms": {},
            "angularObjects": {},
            "config": {"isZeppelinNotebookCronEnable": False, "looknfeel": "default", "personalizedMode": "false"},
            "info": {},
            "path": f"/{self.title}",
        }


def read(path: Path) -> Notebook:
    """Raises NotebookError."""
    return parse(path.name, path.read_text(encoding="utf-8"))


def parse(file: str, text: str) -> Notebook:
    """The notebook whose Markdown is `text`; `file` is what errors call it. Raises NotebookError."""
    paragraphs = tuple(_paragraphs(file, text.splitlines()))
    first = paragraphs[0] if paragraphs else None
    title = _TITLE.fullmatch(first.text.partition("\n")[0]) if first and first.interpreter == "md" else None
    if title is None:
        raise NotebookError(f"{file}:{first.line if first else 1}: the notebook has no title; begin it with `# ` and its name")
    return Notebook(title=title[1], paragraphs=paragraphs)


def notebooks(folder: Path = NOTEBOOKS) -> dict[str, Notebook]:
    """The notebooks of the folder by the stem of their file, in the order of their names. Raises NotebookError."""
    found: dict[str, Notebook] = {}
    titles: dict[str, str] = {}
    for path in sorted(folder.glob("*.md")):
        if path.name == "README.md":
            continue
        notebook = read(path)
        if notebook.title in titles:
            raise NotebookError(
                f"{path.name}:1: {notebook.title!r} is the title of {titles[notebook.title]} too; give each its own, by which "
                "Zeppelin lists it"
            )
        titles[notebook.title] = path.name
        found[path.stem] = notebook
    return found


def write(folder: Path) -> dict[str, Path]:
    """Compiles all notebooks into files of `folder`, by their names. Raises NotebookError before it writes one."""
    written: dict[str, Path] = {}
    for name, notebook in notebooks().items():
        written[name] = folder / f"{name}{SUFFIX}"
        written[name].write_text(json.dumps(notebook.note(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return written


def _paragraphs(file: str, lines: list[str]) -> Iterator[Paragraph]:
    prose: list[str] = []
    begins = at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        if fence is None:
            prose.append(lines[at])
            at += 1
            continue
        yield from _prose(prose, begins)
        end = next((line for line in range(at + 1, len(lines)) if lines[line].rstrip() == fence[0]), None)
        if end is None:
            raise NotebookError(
                f"{file}:{at + 1}: the fence has no end; write {fence[0]} on a line of its own after the paragraph"
            )
        yield _code(file, at + 1, lines[at][fence.end() :], lines[at + 1 : end])
        prose, begins = [], end + 1
        at = end + 1
    yield from _prose(prose, begins)


def _prose(lines: list[str], begins: int) -> Iterator[Paragraph]:
    text = "\n".join(lines)
    if stripped := text.strip():
        line = begins + 1 + text[: text.index(stripped)].count("\n")
        yield Paragraph(line=line, interpreter="md", directive="%md", options={}, text=stripped)


def _code(file: str, line: int, info: str, body: list[str]) -> Paragraph:
    where = f"{file}:{line}"
    directive = _DIRECTIVE.fullmatch(info)
    if directive is None:
        raise NotebookError(
            f"{where}: {info.strip()!r} names no interpreter; write the language and then the interpreter, such as "
            "`sql %flink.ssql(type=update)`"
        )
    shown, interpreter, options = directive.groups()
    if interpreter not in _INTERPRETERS:
        known = ", ".join(f"%{name}" for name in _INTERPRETERS)
        raise NotebookError(f"{where}: %{interpreter} is not among the interpreters a note is deployed with; use {known}")
    text = "\n".join(body).strip("\n")
    if not text.strip():
        raise NotebookError(f"{where}: the paragraph is empty; write what it runs, or remove it")
    return Paragraph(
        line=line + 1, interpreter=interpreter, directive=shown, options=dict(_options(where, options or "")), text=text
    )


def _options(where: str, written: str) -> Iterator[tuple[str, str]]:
    for option in filter(None, (one.strip() for one in written.split(","))):
        name, equals, value = option.partition("=")
        if name not in _OPTIONS or not equals or not value:
            known = ", ".join(sorted(_OPTIONS))
            raise NotebookError(f"{where}: {option!r} is no option of a paragraph; write `name=value` with one of {known}")
        if name == "type" and value not in _TYPES:
            raise NotebookError(f"{where}: type {value!r} is none of Zeppelin's; write {', '.join(_TYPES)}")
        yield name, value


def _paragraph(paragraph: Paragraph, name: str) -> dict[str, Any]:
    language = _INTERPRETERS.get(paragraph.interpreter, "markdown")
    prose = paragraph.interpreter == "md"
    return {
        "text": f"{paragraph.directive}\n\n{paragraph.text}",
        "config": {
            "colWidth": 12,
            "fontSize": 9,
            "enabled": True,
            "editorHide": False,
            "tableHide": False,
            "editorMode": f"ace/mode/{language}",
            "editorSetting": {
                "language": language,
                "editOnDblClick": prose,
                "completionKey": "TAB",
                "completionSupport": not prose,
            },
            "results": {},
            **paragraph.options,
        },
        "settings": {"params": {}, "forms": {}},
        "id": name,
        "jobName": name,
        "status": "READY",
    }
