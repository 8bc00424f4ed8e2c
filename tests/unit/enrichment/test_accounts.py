"""Whose account it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from common.enrichment.accounts import Account, Accounts, read_accounts
from common.enrichment.source import Source, Unusable

PAYMENTS = {
    "Id": "123456789012",
    "Arn": "arn:aws:organizations::111111111111:account/o-exampleorgid/123456789012",
    "Email": "payments@example.com",
    "Name": "payments",
    "Status": "ACTIVE",
    "Tags": [{"Key": "owner", "Value": "team-p"}, {"Key": "stage", "Value": "prod"}],
}
KNOWN = {"123456789012": Account("payments", {"owner": "team-p", "stage": "prod"})}


@pytest.mark.parametrize("content", [{"Accounts": [PAYMENTS]}, [PAYMENTS]])
def test_what_the_command_line_prints_is_read(tmp_path: Path, content: Any) -> None:
    (tmp_path / "accounts.json").write_bytes(orjson.dumps(content))
    assert read_accounts(tmp_path / "accounts.json") == KNOWN


@pytest.mark.parametrize("content", [{}, {"Accounts": {}}, [{"Id": "1"}], [7], [{**PAYMENTS, "Tags": {"owner": "x"}}]])
def test_anything_else_is_refused(tmp_path: Path, content: Any) -> None:
    (tmp_path / "accounts.json").write_bytes(orjson.dumps(content))
    with pytest.raises(Unusable):
        read_accounts(tmp_path / "accounts.json")


def test_an_event_gets_the_name_and_the_chosen_tags(told: Callable[..., Source[Any]]) -> None:
    document: dict[str, Any] = {"cloud": {"provider": "aws", "account": {"id": "123456789012"}}}
    Accounts(told(KNOWN), ["owner", "cost"], 10).apply(document)
    assert orjson.loads(orjson.dumps(document)) == {
        "cloud": {"provider": "aws", "account": {"id": "123456789012", "name": "payments"}},
        "labels": {"account": {"owner": "team-p"}},
    }


@pytest.mark.parametrize("cloud", [{"account": {"id": "999999999999"}}, {"account": {}}, {"account": "x"}, {}, "x", None])
def test_an_account_nobody_knows_stays_as_it_is(told: Callable[..., Source[Any]], cloud: Any) -> None:
    document = {"cloud": cloud}
    Accounts(told(KNOWN), ["owner"], 10).apply(document)
    assert document == {"cloud": cloud}
