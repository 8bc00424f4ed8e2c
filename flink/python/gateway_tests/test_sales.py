"""What is ordered, picked and paid is counted by the minute, under what master data says of it."""

from __future__ import annotations

from collections.abc import Callable

from gateway_tests.records import Written, event, time
from gateway_tests.test_payments import payment
from gateway_tests.test_stock import picked


def test_orders_are_counted_by_shop_and_currency(run: Callable[..., Written], master_data: Callable[..., dict[str, str]]) -> None:
    def order(number: int, seconds: float, channel: str, amount: float, action: str = "placed") -> dict[str, object]:
        fields = {"id": f"o{number}", "channel": channel, "amount": amount, "currency": "EUR"}
        return event(f"o{number}", seconds, "business.order", f"order.{action}", order=fields)

    events = [
        order(1, 1, "web", 100.5),
        order(2, 59, "web", 20.0),
        order(3, 59, "web", 7.0, "cancelled"),
        order(4, 59, "store", 1.0),
        order(5, 60, "web", 3.0),
    ]

    found = run(events, master=master_data({"kind": "shop", "id": "web", "name": "Web shop", "region": "north"})).named(
        "sales_1m"
    )

    web = {"shop": "web", "shop_name": "Web shop", "region": "north", "currency": "EUR"}
    assert [(one["@timestamp"], one["weir"]["metric"]) for one in found] == [
        (time(0), metric("sales_1m", {"shop": "store", "currency": "EUR"}, 1, 1.0)),
        (time(0), metric("sales_1m", web, 2, 120.5)),
        (time(60), metric("sales_1m", web, 1, 3.0)),
    ]
    assert {key: value for key, value in found[1]["event"].items() if key != "id"} == {
        "kind": "metric",
        "dataset": "weir.metric",
        "start": time(0),
        "end": time(60),
        "ingested": time(60),
        "duration": 60_000_000_000,
    }
    assert len({one["event"]["id"] for one in found}) == 3


def metric(name: str, dimensions: dict[str, str], count: int, value: float) -> dict[str, object]:
    told = {"name": name, "application": "business", "window_seconds": 60, "dimensions": dimensions}
    return {**told, "count": count, "value": value}


def test_what_is_picked_is_counted_by_article_group(
    run: Callable[..., Written], master_data: Callable[..., dict[str, str]]
) -> None:
    table = master_data(*({"kind": "article", "id": sku, "article_group": "kitchen"} for sku in ("A-17", "B-4")))
    events = [picked(1, 0, 900), picked(2, 1, 900, sku="B-4", quantity=-1.5), picked(3, 2, 900, sku="C-1")]

    found = run(events, master=table).named("picked_1m")

    kitchen = {"warehouse": "ham-2", "article_group": "kitchen", "unit": "pieces"}
    assert [one["weir"]["metric"] for one in found] == [
        metric("picked_1m", kitchen, 2, 7.5),
        metric("picked_1m", {"warehouse": "ham-2", "unit": "pieces"}, 1, 6.0),
    ]


def test_payments_are_counted_with_their_failures(run: Callable[..., Written]) -> None:
    events = [
        payment(1, 0, 10.0),
        payment(2, 1, 5.0),
        payment(3, 2, 99.0, action="declined"),
        payment(4, 3, 5.0, action="captured"),
    ]

    (found,) = run(events).named("payments_1m")

    assert found["weir"]["metric"] == {
        **metric("payments_1m", {"currency": "EUR", "method": "card", "provider": "examplepay"}, 3, 15.0),
        "errors": 1,
        "error_rate": 1 / 3,
    }
