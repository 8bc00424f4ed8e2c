"""Whatever rules make of an event, the index and the lake take it, and its schema holds."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from common import ecs
from common.enrichment.accounts import Account, Accounts
from common.enrichment.source import Loaded, Source
from common.enrichment.user_agent import UserAgents
from common.finish import Finisher, Selected
from common.logtypes import TYPES
from common.model import Event
from common.recognise import Normaliser
from localrun.delivery.deserializer import OpenXJson, row_reader
from tests.unit.common.test_app import LOG
from tests.unit.common.test_cloudtrail import RECORD
from tests.unit.common.test_guardduty import finding
from tests.unit.lake.test_events_fit import AT, TABLE
from tests.unit.logtypes.schemas import violations
from tests.unit.shaping.test_finish import FLOW, RULE_LISTS

AS_ROWS = row_reader(OpenXJson(case_insensitive=False, mappings={"time": "@timestamp"}), TABLE)
CONTENTS = {"app": LOG, "cloudtrail": RECORD, "guardduty": finding(), "vpc_flow": FLOW}


def enrichers() -> list[Selected]:
    known = {"123456789012": Account("payments", {"owner": "ana"})}
    accounts: Source[dict[str, Account]] = Source("accounts", lambda version, until: Loaded(known), every=60)
    return [Selected({}, UserAgents(100)), Selected({}, Accounts(accounts, ["owner"], 100))]


def objects_in_the_way(value: Any, kinds: dict[str, Any], above: str = "") -> list[str]:
    """Places where the index has a field and the event an object, or the other way around: the document would be refused."""
    found: list[str] = []
    for name, inner in value.items() if isinstance(value, dict) else ():
        dotted = f"{above}{name}"
        kind = kinds.get(dotted)
        if kind is not None:
            if isinstance(inner, dict) and kind.mapping.get("type") not in ("flat_object", "geo_point"):
                found.append(dotted)
        elif not isinstance(inner, dict | None) and any(known.startswith(f"{dotted}.") for known in kinds):
            found.append(dotted)
        else:
            found += objects_in_the_way(inner, kinds, f"{dotted}.")
    return found


@pytest.mark.parametrize("name", CONTENTS)
@settings(deadline=None)
@given(rules=RULE_LISTS)
def test_a_finished_event_fits(name: str, rules: list[dict[str, Any]]) -> None:
    content = CONTENTS[name]
    finisher = Finisher(rules, enrichers())
    data = content.encode() if isinstance(content, str) else orjson.dumps(content)
    (event,) = Normaliser(default_tenant="default", finish=finisher.finish).normalise(data, AT)
    assert isinstance(event, Event), event
    assert len(AS_ROWS(event.body)) == 1
    assert violations(name, event.body) == []
    assert objects_in_the_way(orjson.loads(event.body), {**ecs.FIELDS, **TYPES[name].own}) == []
