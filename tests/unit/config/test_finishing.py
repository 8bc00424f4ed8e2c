"""What of shaping and enrichment is refused, and how it is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from common.shaping import fields
from config.model import Environment
from config.parts import shaping

REFUSED = {
    "an unknown log type": (
        "shaping: {rules: [{types: [alb, nginxx]}]}",
        '2: shaping.rules[0].types: "nginxx" is no log type; write some of ',
    ),
    "an unknown rule": (
        "shaping: {rules: [{drops: [user]}]}",
        "2: shaping.rules[0].drops: unknown key; did you mean `drop`?",
    ),
    "the id dropped": (
        "shaping: {rules: [{drop: [user, event.id]}]}",
        "2: shaping.rules[0].drop[1]: event.id cannot be taken away: the pipeline needs event.id; name the fields beside it, or",
    ),
    "what holds the id dropped": (
        "shaping: {rules: [{drop: [event]}]}",
        "2: shaping.rules[0].drop[0]: event cannot be taken away: the pipeline needs event.id; ",
    ),
    "the tenant masked": (
        "shaping: {rules: [{mask: [tenant]}]}",
        "2: shaping.rules[0].mask[0]: tenant cannot be hidden: the pipeline needs tenant; ",
    ),
    "the time renamed": (
        'shaping: {rules: [{rename: {"@timestamp": labels.time}}]}',
        "2: shaping.rules[0].rename.@timestamp: @timestamp cannot be taken away: the pipeline needs @timestamp; ",
    ),
    "the data set written over": (
        "shaping: {rules: [{rename: {user.name: event.dataset}}]}",
        "2: shaping.rules[0].rename.user.name: event.dataset cannot be written over: the pipeline needs event.dataset; ",
    ),
    "a field hidden under its new name": (
        "shaping: {rules: [{rename: {user.name: labels.person}}, {mask: [labels]}]}",
        "2: shaping.rules[1].mask[0]: labels is there only after renaming, which comes last; ",
    ),
    "a hash without a key": (
        "shaping: {rules: [{hash: [user.name]}]}",
        "2: shaping.hash_key: missing, and there are fields to hash; ",
    ),
    "a zone nobody knows": (
        "shaping: {rules: [{time_zone: Europe/Bonn}]}",
        '2: shaping.rules[0].time_zone: "Europe/Bonn" is no time zone of the IANA; write one such as Europe/Berlin',
    ),
    "more than all events": (
        "shaping: {rules: [{sample: 1.5}]}",
        "2: shaping.rules[0].sample: 1.5 is above the maximum of 1.0; ",
    ),
    "a name that is no field": (
        'shaping: {rules: [{drop: ["user..name"]}]}',
        '2: shaping.rules[0].drop[0]: "user..name" does not fit; write the name of a field',
    ),
    "a pattern for a file": (
        "enrichment: {accounts: {file: accounts/*}}",
        '2: enrichment.accounts.file: "accounts/*" does not fit; write an object\'s key',
    ),
    "no database": ("enrichment: {geo: {files: []}}", "2: enrichment.geo.files: is empty; give at least one entry"),
    "an entry from nowhere": (
        "enrichment: {master_data: [{name: shops, field: shop.id}]}",
        "2: enrichment.master_data[0].file: an entry comes from a file or from the table; give one of `file` and `kind`",
    ),
    "a name given twice": (
        "enrichment: {master_data: [{name: a, field: b, kind: c}, {name: a, field: b, kind: d}]}",
        "2: enrichment.master_data[1].name: a is taken by another; choose another name",
    ),
    "a place that is no label": (
        "enrichment: {master_data: [{name: a, field: b, kind: c, into: event}]}",
        '2: enrichment.master_data[0].into: "event" does not fit; write labels, or a name below it',
    ),
}


@pytest.mark.parametrize(("lines", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused(refusal: Callable[[str], str], lines: str, text: str) -> None:
    assert refusal(f"name: dev\n{lines}\n").startswith(f"config/environments/dev.yaml:{text}")


def test_the_functions_protect_what_the_configuration_does() -> None:
    assert shaping.PROTECTED == fields.PROTECTED


def test_the_files_of_an_environment() -> None:
    environment = Environment.model_validate(
        {
            "name": "dev",
            "shaping": {"rules": [{"hash": ["user.name"]}], "hash_key": "keys/pseudonyms"},
            "enrichment": {
                "geo": {"files": ["geo/city.mmdb", "geo/asn.mmdb"]},
                "threats": {
                    "lists": [
                        {"name": "drop", "kind": "ip", "file": "threats/drop.txt"},
                        {"name": "again", "kind": "ip", "file": "threats/drop.txt"},
                    ]
                },
                "accounts": {"file": "accounts.json"},
                "master_data": [
                    {"name": "shops", "field": "shop.id", "file": "shops.csv"},
                    {"name": "users", "field": "user.id", "kind": "user"},
                ],
            },
        }
    )
    files = ("keys/pseudonyms", "geo/city.mmdb", "geo/asn.mmdb", "threats/drop.txt", "accounts.json", "shops.csv")
    assert (environment.lookup_files, environment.enrichment.reads_table) == (files, True)
    assert Environment(name="dev").lookup_files == ()
    assert environment.enrichment.threats is not None
    assert environment.enrichment.threats.lists[0].looked_up == ("source.ip", "destination.ip")
