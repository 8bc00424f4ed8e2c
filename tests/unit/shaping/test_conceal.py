"""What is masked or hashed is not to be read any more, and the index and the lake still take it."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from common import ecs
from common.shaping.conceal import mask, pseudonyms

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def concealed(value: Any, name: str, key: bytes | None = None) -> Any:
    document: dict[str, Any] = {"tenant": "acme"}
    holder, *path = [document], *name.split(".")
    for step in path[:-1]:
        holder = [holder[0].setdefault(step, {})]
    holder[0][path[-1]] = value
    (pseudonyms(name, ecs.FIELDS, lambda: key) if key else mask(name, ecs.FIELDS)).apply(document)
    assert document.pop("tenant") == "acme"
    found: Any = document
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def test_a_mask_fits_the_field() -> None:
    assert concealed("ana", "user.name") == "***"
    assert concealed("203.0.113.9", "source.ip") == "::"
    assert concealed(["a", "b"], "threat.tactic.name") == ["***", "***"]
    for name, value in (("source.port", 443), ("event.created", "2026-11-23T08:00:00.000Z"), ("tls.resumed", True)):
        assert concealed(value, name) is None


def test_an_object_is_masked_field_by_field() -> None:
    source = {"ip": "203.0.113.9", "port": 443, "geo": {"city_name": "Berlin", "location": {"lat": 52.5, "lon": 13.4}}}
    assert concealed(source, "source") == {"ip": "::", "geo": {"city_name": "***"}}


def test_a_pseudonym_is_the_same_for_a_value_and_another_for_another_value_or_key() -> None:
    assert concealed("ana", "user.name", KEY) == concealed("ana", "user.name", KEY) == "73ddf7f52948804e4a5de9163a"
    assert len({concealed(name, "user.name", key) for name in ("ana", "bob") for key in (KEY, OTHER_KEY)}) == 4


def test_the_pseudonym_of_an_address_is_an_address_for_private_use() -> None:
    addresses = {concealed(f"203.0.113.{last}", "source.ip", KEY) for last in range(200)}
    assert len(addresses) == 200
    assert all(ip_address(address) in ip_network("fd00::/8") for address in addresses)


def test_a_number_of_a_text_field_gets_a_pseudonym_and_any_other_is_taken_out() -> None:
    assert concealed(4711, "user.id", KEY) == concealed("4711", "user.id", KEY)
    assert concealed(4711, "source.bytes", KEY) is None
    assert concealed(4711, "order.amount", KEY) is None


def test_without_the_key_a_value_is_masked() -> None:
    document: dict[str, Any] = {"user": {"name": "ana"}, "source": {"ip": "203.0.113.9"}}
    for name in ("user.name", "source.ip"):
        pseudonyms(name, ecs.FIELDS, lambda: None).apply(document)
    assert document == {"user": {"name": "***"}, "source": {"ip": "::"}}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(min_size=4),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NAMES = st.sampled_from(
    ["user.name", "source.ip", "source", "labels", "order.lines", "event.created", "message", "network.bytes"]
)


def leaves(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {leaf for inner in value.values() for leaf in leaves(inner)}
    if isinstance(value, list):
        return {leaf for inner in value for leaf in leaves(inner)}
    return set() if value is None else {repr(value)}


@settings(deadline=None)
@given(JSON, NAMES, st.sampled_from([None, KEY]))
def test_no_value_is_left(value: Any, name: str, key: bytes | None) -> None:
    assert not leaves(value) & leaves(concealed(value, name, key))
