"""Notebooks in Markdown become Zeppelin's notes, the same ones each time, and what is wrong in one is said with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.commands.build import notebooks as command
from cli.output import CommandError, Exit
from flink import notebook
from flink.notebook import NOTEBOOKS, NotebookError, Paragraph, notebooks, parse, read

MARKDOWN = """# Who was there

Some *prose*.

```sql %flink.ssql(type=update, refreshInterval=5000)
SELECT `@timestamp`
FROM events;
```
```python %flink.pyflink

print(1)
```

The end.
"""


def test_a_notebook_is_its_title_and_its_paragraphs() -> None:
    found = parse("some.md", MARKDOWN)
    assert found.title == "Who was there"
    assert found.paragraphs == (
        Paragraph(line=1, interpreter="md", directive="%md", options={}, text="# Who was there\n\nSome *prose*."),
        Paragraph(
            line=6,
            interpreter="flink.ssql",
            directive="%flink.ssql(type=update, refreshInterval=5000)",
            options={"type": "update", "refreshInterval": "5000"},
            text="SELECT `@timestamp`\nFROM events;",
        ),
        Paragraph(line=10, interpreter="flink.pyflink", directive="%flink.pyflink", options={}, text="print(1)"),
        Paragraph(line=14, interpreter="md", directive="%md", options={}, text="The end."),
    )


def test_a_note_is_what_zeppelin_imports() -> None:
    note = parse("some.md", "# T\n```sql %flink.ssql(type=single, template=<h1>{0}</h1>)\nSELECT 1\n```\n").note()
    shared = {"colWidth": 12, "fontSize": 9, "enabled": True, "editorHide": False, "tableHide": False}
    assert note == {
        "paragraphs": [
            {
                "text": "%md\n\n# T",
                "config": {
                    **shared,
                    "editorMode": "ace/mode/markdown",
                    "editorSetting": {
                        "language": "markdown",
                        "editOnDblClick": True,
                        "completionKey": "TAB",
                        "completionSupport": False,
                    },
                    "results": {},
                },
                "settings": {"params": {}, "forms": {}},
                "id": "paragraph_e632b7095b0bf_1",
                "jobName": "paragraph_e632b7095b0bf_1",
                "status": "READY",
            },
            {
                "text": "%flink.ssql(type=single, template=<h1>{0}</h1>)\n\nSELECT 1",
                "config": {
                    **shared,
                    "editorMode": "ace/mode/sql",
                    "editorSetting": {
                        "language": "sql",
                        "editOnDblClick": False,
                        "completionKey": "TAB",
                        "completionSupport": True,
                    },
                    "results": {},
                    "type": "single",
                    "template": "<h1>{0}</h1>",
                },
                "settings": {"params": {}, "forms": {}},
                "id": "paragraph_e632b7095b0bf_2",
                "jobName": "paragraph_e632b7095b0bf_2",
                "status": "READY",
            },
        ],
        "name": "T",
        "id": "7KRAVCMD7",
        "defaultInterpreterGroup": "flink",
        "version": "0.9.0",
        "noteParams": {},
        "noteForms": {},
        "angularObjects": {},
        "config": {"isZeppelinNotebookCronEnable": False, "looknfeel": "default", "personalizedMode": "false"},
        "info": {},
        "path": "/T",
    }


REFUSED = {
    "nothing": ("", "a.md:1: the notebook has no title; begin it with `# ` and its name"),
    "no title": ("\nProse.\n", "a.md:2: the notebook has no title; begin it with `# ` and its name"),
    "a paragraph before the title": (
        "```sql %flink.ssql\nSELECT 1\n```\n# T\n",
        "a.md:2: the notebook has no title; begin it with `# ` and its name",
    ),
    "a fence without an end": (
        "# T\n\n```sql %flink.ssql\nSELECT 1\n",
        "a.md:3: the fence has no end; write ``` on a line of its own after the paragraph",
    ),
    "an empty paragraph": (
        "# T\n```sql %flink.ssql\n\n```\n",
        "a.md:2: the paragraph is empty; write what it runs, or remove it",
    ),
    "no interpreter": (
        "# T\n```sql\nSELECT 1\n```\n",
        "a.md:2: 'sql' names no interpreter; write the language and then the interpreter, such as `sql %flink.ssql(type=update)`",
    ),
    "an interpreter that is not deployed": (
        "# T\n```sql %flink.bsql\nSELECT 1\n```\n",
        "a.md:2: %flink.bsql is not among the interpreters a note is deployed with; use %flink, %flink.ssql, %flink.pyflink, "
        "%flink.ipyflink",
    ),
    "an option there is not": (
        "# T\n```sql %flink.ssql(typ=update)\nSELECT 1\n```\n",
        "a.md:2: 'typ=update' is no option of a paragraph; write `name=value` with one of jobName, maxParallelism, parallelism, "
        "refreshInterval, resumeFromLatestCheckpoint, resumeFromSavepoint, runAsOne, savepointDir, template, threshold, type",
    ),
    "a type there is not": (
        "# T\n```sql %flink.ssql(type=table)\nSELECT 1\n```\n",
        "a.md:2: type 'table' is none of Zeppelin's; write single, update, append",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_wrong_is_said_with_file_and_line(text: str, message: str) -> None:
    with pytest.raises(NotebookError) as refused:
        parse("a.md", text)
    assert str(refused.value) == message


def test_two_notebooks_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("# Same\n")
    (tmp_path / "README.md").write_text("no notebook")
    with pytest.raises(NotebookError, match=r"^b\.md:1: 'Same' is the title of a\.md too; give each its own"):
        notebooks(tmp_path)


def test_the_notebooks_are_these() -> None:
    assert {name: book.title for name, book in notebooks().items()} == {
        "brute-force": "Brute force",
        "latency-by-release": "Latency by release",
        "machine-health": "Machine health",
    }


@pytest.mark.parametrize("name", ["brute-force", "latency-by-release", "machine-health"])
def test_a_note_holds_every_line_that_is_fenced(name: str) -> None:
    note = read(NOTEBOOKS / f"{name}.md").note()
    text = (NOTEBOOKS / f"{name}.md").read_text()
    run = [paragraph["text"] for paragraph in note["paragraphs"] if not paragraph["text"].startswith("%md")]
    fenced = [block.partition("\n")[2].strip() for block in text.split("```")[1::2]]
    assert [paragraph.split("\n\n", 1)[1] for paragraph in run] == fenced
    # Zeppelin takes an apostrophe in a comment for the beginning of a text, and finds no end of the statement.
    assert not any("--" in paragraph for paragraph in run)


def test_the_command_writes_the_same_bytes_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEIR_CACHE", str(tmp_path))
    written = []
    for _ in range(2):
        command(json_=True)
        paths = {name: Path(path) for name, path in json.loads(capsys.readouterr().out).items()}
        written.append({name: path.read_bytes() for name, path in paths.items()})
    assert written[0] == written[1]
    assert json.loads(written[0]["machine-health"])["name"] == "Machine health"
    assert paths["machine-health"] == tmp_path / "notebooks" / "machine-health.zpln"


def test_the_command_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_CACHE", str(tmp_path))

    def refuse(_: Path) -> None:
        raise NotebookError("a.md:1: the notebook has no title")

    monkeypatch.setattr(notebook, "write", refuse)
    with pytest.raises(CommandError, match=r"^flink/notebooks/a\.md:1: the notebook has no title$") as refused:
        command(json_=False)
    assert refused.value.code == Exit.USAGE
