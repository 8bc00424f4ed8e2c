"""A stock is told of when it lasts for minutes only, and once as that begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway_tests.records import Event, Written, event, time


def picked(number: int, seconds: float, level: float | None, *, quantity: float = -6, **stock: Any) -> Event:
    """A withdrawal; without a level, one that tells none."""
    told = {} if level is None else {"level": level}
    fields = {"sku": "A-17", "warehouse": "ham-2", "quantity": quantity, **told, **stock}
    return event(f"s{number:03}", seconds, "business.stock", "stock.picked", stock=fields)


def test_a_stock_that_runs_out_is_found_as_it_begins(
    run: Callable[..., Written], master_data: Callable[..., dict[str, str]]
) -> None:
    # Six pieces a minute, of 400: sixty minutes' worth are 360 pieces, less the six that are reserved.
    events = [picked(number, 60 * number, 400 - 6 * number, reserved=6) for number in range(12)]
    table = master_data(
        {"kind": "article", "id": "A-17", "name": "Kettle", "article_group": "kitchen", "supplier": "Hansen"},
        {"kind": "article", "id": "B-4", "name": "Toaster"},
    )

    (found,) = run(events, master=table).of("stock-running-out")

    assert found["@timestamp"] == time(360)
    assert found["tenant"] == "shop"
    assert found["message"] == "Kettle in warehouse ham-2 runs out in 59 minutes: 358.0 pieces left, 6.0 withdrawn a minute."
    assert found["event"] == {
        "id": found["event"]["id"],
        "kind": "alert",
        "dataset": "weir.finding",
        "type": ["info"],
        "severity": 40,
        "start": time(0),
        "end": time(360),
        "ingested": time(360),
    }
    assert found["rule"] == {"id": "stock-running-out", "name": "Stock running out"}
    assert found["weir"]["finding"] == {
        "application": "business",
        "key": "shop/ham-2/A-17",
        "evidence": ["s006"],
        "evidence_count": 7,
        "start": time(0),
        "end": time(360),
        "expected": {"minutes_left": 60.0},
        "actual": {"minutes_left": 358 / 6, "available": 358.0, "withdrawn_per_minute": 6.0},
        "attribution": {"sku": "A-17", "warehouse": "ham-2", "unit": "pieces", "article": "Kettle", "supplier": "Hansen"},
    }


def test_a_stock_that_is_filled_up_is_found_again_when_it_runs_out_again(run: Callable[..., Written]) -> None:
    levels = [100, 94, 88, 82, 76, 900, 894, 110, 104]

    found = run([picked(number, 60 * number, level) for number, level in enumerate(levels)]).of("stock-running-out")

    assert [one["@timestamp"] for one in found] == [time(240), time(420)]


def test_the_emptier_the_worse(run: Callable[..., Written]) -> None:
    events = [picked(number, 60 * number, None) for number in range(5)] + [picked(5, 300, 0)]

    (found,) = run(events).of("stock-running-out")

    assert (found["event"]["severity"], found["weir"]["finding"]["actual"]["minutes_left"]) == (100, 0.0)


def test_what_was_withdrawn_before_the_window_or_comes_back_is_no_rate(run: Callable[..., Written]) -> None:
    early = [picked(number, number, 50) for number in range(4)]
    returned = [picked(10 + number, 4_000 + 60 * number, 50, quantity=6) for number in range(9)]
    last = [picked(30, 4_600, 50)]

    assert run(early + returned + last).findings == []


def test_houses_articles_and_tenants_have_stocks_of_their_own(run: Callable[..., Written]) -> None:
    events: list[Event] = []
    for number in range(5):
        events.append(picked(number, 60 * number, 50))
        other = picked(100 + number, 60 * number, 50, warehouse=f"w{number}")
        events += [other, picked(200 + number, 60 * number, 50, sku=f"B-{number}")]
        events.append({**picked(300 + number, 60 * number, 50), "tenant": f"t{number}"})

    found = run(events).of("stock-running-out")

    assert [one["weir"]["finding"]["key"] for one in found] == ["shop/ham-2/A-17"]
