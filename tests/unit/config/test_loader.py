"""An environment loads, or everything wrong with it is said at once: file, line, key, value, limit and remedy."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

from config.loader import ConfigError, environment_names, load_environment

Refusal = Callable[[str | bytes], str]
DEV = "config/environments/dev.yaml"


def test_the_four_environments_are_known_and_load() -> None:
    assert environment_names() == ["dev", "local", "prod", "staging"]
    assert [load_environment(name).name for name in environment_names()] == environment_names()


def test_a_name_alone_is_an_environment(directory: pathlib.Path) -> None:
    (directory / "dev.yaml").write_text("name: dev\n")
    environment = load_environment("dev", directory)
    assert environment.streams.raw.mode == "on-demand"
    assert environment.search.data_nodes == 3


def test_a_byte_order_mark_and_crlf_are_no_obstacle(directory: pathlib.Path) -> None:
    (directory / "dev.yaml").write_bytes(b"\xef\xbb\xbfname: dev\r\nsearch:\r\n  volume_gib: 300\r\n")
    assert load_environment("dev", directory).search.volume_gib == 300


def test_an_unknown_environment_lists_those_there_are_and_how_to_add_one() -> None:
    with pytest.raises(ConfigError) as caught:
        load_environment("stagin")
    assert str(caught.value) == (
        "no environment is called stagin, did you mean staging? known: dev, local, prod, staging; "
        "to add one, write config/environments/stagin.yaml"
    )


def test_a_name_is_never_a_path() -> None:
    with pytest.raises(ConfigError, match=r"^no environment is called \.\./environments/dev"):
        load_environment("../environments/dev")


def test_a_project_without_environments_says_so(directory: pathlib.Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_environment("dev", directory)
    assert str(caught.value) == (
        "no environment is called dev; known: none; to add one, write config/environments/dev.yaml"
    )  # fmt: skip


def test_a_file_that_cannot_be_read(directory: pathlib.Path) -> None:
    (directory / "dev.yaml").mkdir()
    with pytest.raises(ConfigError) as caught:
        load_environment("dev", directory)
    assert str(caught.value) == f"{DEV}: cannot be read: Is a directory; make it a file this user may read"


DOCUMENTS = {
    "empty": ("# nothing yet\n", f"{DEV}: the file is empty; write at least `name: dev`, every other key has a default"),
    "a list": ("\n- name: dev\n", f"{DEV}:2: a list is not an environment; write `key: value` lines, first `name: dev`"),
    "text": ("dev", f'{DEV}:1: "dev" is not an environment; write `key: value` lines, first `name: dev`'),
    "bad syntax": (
        "name: dev\nsearch: {data_nodes: 3\n",
        f"{DEV}:3: not YAML: while parsing a flow mapping, expected ',' or '}}', but got '<stream end>'; "
        "correct it there or just before",
    ),
    "a tab": (
        "name: dev\nsearch:\n\tdata_nodes: 3\n",
        f"{DEV}:3: not YAML: while scanning for the next token, found character '\\t' that cannot start any token; "
        "correct it there or just before",
    ),
    "a control character": (
        "name: dev\ntags: {a: \x01}\n",
        f"{DEV}:2: not YAML: the character U+0001 is not allowed; correct it there or just before",
    ),
    "two documents": (
        "name: dev\n---\nname: dev\n",
        f"{DEV}:2: not YAML: expected a single document in the stream, but found another document; "
        "correct it there or just before",
    ),
    "nested without end": (
        "name: " + 2_000 * "[",
        f"{DEV}: not YAML: nested too deep; correct it there or just before",
    ),
    "another encoding": (
        "name: dev\ntags: {owner: Zoé}\n".encode("latin-1"),
        f"{DEV}:2: byte 0xe9 is not UTF-8 text; save the file as UTF-8",
    ),
    "another name": (
        "name: prod\n",
        f'{DEV}:1: name: "prod" is not the name of the file; write dev, or rename the file',
    ),
    "no name": (
        "tags: {owner: platform}\n",
        f"{DEV}:1: name: missing; add it: The file's name; part of every stack name (`weir-<name>-…`).",
    ),
    "a key given twice": (
        "name: dev\nstreams:\n  raw: {retention_hours: 24}\n  raw: {retention_hours: 48}\n",
        f"{DEV}:3: streams.raw: given again on line 4; keep one of them",
    ),
    "an alias": (
        "name: dev\nstreams:\n  raw: &large {retention_hours: 48}\n  events: *large\n",
        f"{DEV}:4: streams.events: an alias (`*…`) is not read here; write the value out",
    ),
    "an alias of itself": (
        "name: dev\nalerting:\n  emails: &self [*self]\n",
        f"{DEV}:3: alerting.emails[0]: an alias (`*…`) is not read here; write the value out",
    ),
    "a tag": (
        "name: dev\nsearch:\n  data_nodes: !!int 3\n",
        f"{DEV}:3: search.data_nodes: the tag !!int is not read here; remove it",
    ),
    "half a surrogate pair": (
        'name: dev\ntags:\n  owner: "Zo\\ud83d"\n',
        f'{DEV}:3: tags.owner: "Zo?" has an escape that is no character (shown as ?); write the character itself',
    ),
    "half a surrogate pair in a key": (
        'name: dev\n"owner\\ud83d": 1\n',
        f'{DEV}:1: "owner?" has an escape that is no character (shown as ?); write the character itself\n'
        f"{DEV}:2: owner?: unknown key; remove it, or use one of: name, account, tags, removal, network, streams, "
        "collection, functions, normalisation, shaping, enrichment, archive, lake, analytics, search, direct_put, alerting, "
        "observability",
    ),
    "a list for a key": (
        "name: dev\n? [a, b]\n: 1\n",
        f"{DEV}:1: line 2 has a list or a mapping for a key; use a plain name",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "text"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_file_that_is_no_environment(refusal: Refusal, content: str | bytes, text: str) -> None:
    assert refusal(content) == text


def test_every_problem_is_said_at_once_in_the_order_of_the_lines(refusal: Refusal) -> None:
    content = """\
name: prod
search:
  data_nodes: 4
  index_replicas: 0
  index_replicas: 1
network: {vpc: 1}
streams:
  raw: {retention_hours: 12, shard: 1}
"""
    assert refusal(content).splitlines() == [
        f'{DEV}:1: name: "prod" is not the name of the file; write dev, or rename the file',
        f"{DEV}:3: search.data_nodes: 4 do not spread evenly over 3 availability zones; "
        "set it to 6, or change `availability_zones`",
        f"{DEV}:4: search.index_replicas: given again on line 5; keep one of them",
        f"{DEV}:6: network.vpc: 1 is not true or false; write one of them",
        f"{DEV}:8: streams.raw.retention_hours: 12 is below the minimum of 24 (Kinesis Data Streams quotas); "
        "set it to 24 or more",
        f"{DEV}:8: streams.raw.shard: unknown key; did you mean `shards`?",
    ]
