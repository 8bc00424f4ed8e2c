"""Whose AWS account it is: names and tags, out of an export of the organization."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from common.enrichment.cache import Cache
from common.enrichment.enricher import Add, Kept, Look
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


class Accounts(Kept):
    """Adds `cloud.account.name`, and chosen tags of the account as `labels.account`."""

    def __init__(self, accounts: Source[dict[str, Account]], tags: Sequence[str], cache_entries: int) -> None:
        cache = Cache(self._find, cache_entries)
        super().__init__("accounts", (accounts,), cache, [Look(("cloud", "account", "id"), cache.get, adds="labels")])
        self._accounts, self._tags = accounts, tags

    def _find(self, number: str) -> Add | None:
        found = self._accounts.value.get(number) if self._accounts.value else None
        if found is None:
            return None
        name, tags = found.name, {tag: found.tags[tag] for tag in self._tags if tag in found.tags}
        labelled = orjson.Fragment(orjson.dumps(tags))

        def add(document: JsonObject, account: JsonObject) -> None:
            account.setdefault("name", name)
            if not tags:
                return
            labels = document.get("labels")
            if labels is None:
                document["labels"] = {_TAGS: labelled}
            elif isinstance(labels, dict):
                labels.setdefault(_TAGS, labelled)

        return add
