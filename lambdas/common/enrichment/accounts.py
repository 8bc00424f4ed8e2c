"""Whose AWS account it is: names and tags, out of an export of the organization."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from common.enrichment.cache import Cache
from common.enrichment.enricher import Kept, Look
from common.enrichment.source import Source, Unusable
from common.logtype import JsonObject

#: In `labels`.
_TAGS = "account"


class Account(NamedTuple):
    """What the organization says of an account."""

    name: str
    tags: dict[str, str]


def read_accounts(path: Path) -> dict[str, Account]:
    """By number. What `aws organizations list-accounts` prints, where an account may also have `Tags` as `list-tags-for-resource`
    prints them (AWS Organizations API reference), or a list of such accounts. Raises Unusable."""
    content = orjson.loads(path.read_bytes())
    listed = content.get("Accounts") if isinstance(content, dict) else content
    if not isinstance(listed, list):
        raise Unusable('expected {"Accounts": [{"Id": …, "Name": …}, …]}, as `aws organizations list-accounts` prints')
    try:
        return {account["Id"]: Account(account["Name"], _tags(account.get("Tags"))) for account in listed}
    except (KeyError, TypeError, AttributeError) as error:
        raise Unusable(f"an account without Id or Name, or with Tags of another form: {error!r}") from error


def _tags(listed: list[dict[str, str]] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in listed or ()}


class _Additions(NamedTuple):
    name: str
    tags: orjson.Fragment | None
    """Finished JSON of those chosen; None where the account has none of them."""


class Accounts(Kept):
    """Adds `cloud.account.name`, and chosen tags of the account as `labels.account`."""

    def __init__(self, accounts: Source[dict[str, Account]], tags: Sequence[str], cache_entries: int) -> None:
        cache = Cache(self._find, cache_entries)
        super().__init__("accounts", (accounts,), cache, [Look("cloud", self._name_account)])
        self._accounts, self._tags, self._look = accounts, tags, cache.get

    def _name_account(self, document: JsonObject, cloud: Any) -> None:
        try:
            account = cloud["account"]
            found = self._look(account["id"])
        except (KeyError, TypeError):  # without a number
            return
        if found is None:
            return
        account.setdefault("name", found.name)
        if found.tags is None:
            return
        labels = document.get("labels")
        if labels is None:
            document["labels"] = {_TAGS: found.tags}
        elif isinstance(labels, dict):
            labels.setdefault(_TAGS, found.tags)

    def _find(self, number: str) -> _Additions | None:
        found = self._accounts.value.get(number) if self._accounts.value else None
        if found is None:
            return None
        tags = {name: found.tags[name] for name in self._tags if name in found.tags}
        return _Additions(found.name, orjson.Fragment(orjson.dumps(tags)) if tags else None)
