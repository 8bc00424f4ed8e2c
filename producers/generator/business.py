"""What a shop's systems tell of its business: orders, payments and stock, in the formats of the log types of these names.

Every function makes one record at a moment; the same random generator gives the same records.
"""

from __future__ import annotations

import random
from typing import Any

from producers.generator.clock import Moment
from producers.generator.world import CLIENTS, USERS

Record = dict[str, Any]

_COUNTRIES = ("DE", "FR", "NL", "PL", "ES", "AT")
_CHANNELS = ("web", "app", "store")
_WAREHOUSES = ("ham-1", "ham-2", "lyon-1")
#: Event and the state of the order after it.
_ORDERS = (("order.placed", "open"), ("order.changed", "open"), ("order.shipped", "shipped"), ("order.cancelled", "cancelled"))
_DECLINES = (("51", "insufficient funds"), ("54", "expired card"), ("05", "do not honour"))
#: Of 100 payments.
_DECLINED = 4
_MOVEMENTS = ("stock.received", "stock.picked", "stock.returned", "stock.adjusted")
_REORDER_POINT = 20


def order(rng: random.Random, moment: Moment) -> Record:
    """An event of an order of one to four lines."""
    event, status = rng.choice(_ORDERS)
    lines: list[Record] = [
        {"sku": _sku(rng), "quantity": rng.randint(1, 3), "price": rng.randrange(500, 20_000) / 100}
        for _ in range(rng.randint(1, 4))
    ]
    return {
        "event": event,
        "event_id": _number(rng),
        "time": moment.iso_milliseconds,
        "order_id": f"o-{rng.randrange(10**6)}",
        "customer_id": rng.choice(USERS),
        "channel": rng.choice(_CHANNELS),
        "country": rng.choice(_COUNTRIES),
        "status": status,
        "amount": round(sum(line["quantity"] * line["price"] for line in lines), 2),
        "currency": "EUR",
        "items": sum(line["quantity"] for line in lines),
        "lines": lines,
    }


def payment(rng: random.Random, moment: Moment) -> Record:
    """A payment that was authorised, or declined with a reason."""
    record = {
        "event": "payment.authorised",
        "event_id": _number(rng),
        "time": moment.iso_milliseconds,
        "payment_id": f"p-{rng.randrange(10**6)}",
        "order_id": f"o-{rng.randrange(10**6)}",
        "customer_id": rng.choice(USERS),
        "amount": rng.randrange(500, 50_000) / 100,
        "currency": "EUR",
        "method": rng.choice(("card", "transfer", "wallet")),
        "provider": "examplepay",
        "country": rng.choice(_COUNTRIES),
        "risk_score": rng.randrange(101),
        "client_ip": rng.choice(CLIENTS),
    }
    if rng.randrange(100) < _DECLINED:
        code, reason = rng.choice(_DECLINES)
        record |= {"event": "payment.declined", "code": code, "reason": reason}
    return record


def stock(rng: random.Random, moment: Moment) -> Record:
    """A movement, and the level after it."""
    event = rng.choice(_MOVEMENTS)
    pieces = rng.randint(1, 12)
    return {
        "event": event,
        "event_id": _number(rng),
        "time": moment.iso_milliseconds,
        "sku": _sku(rng),
        "warehouse": rng.choice(_WAREHOUSES),
        "location": f"{rng.randrange(40):02}-{rng.randrange(20):02}-{rng.randrange(6)}",
        "quantity": -pieces if event == "stock.picked" else pieces,
        "level": rng.randrange(200),
        "reorder_point": _REORDER_POINT,
        "unit": "pieces",
    }


def _sku(rng: random.Random) -> str:
    return f"{rng.choice('ABCDE')}-{rng.randrange(1, 400)}"


def _number(rng: random.Random) -> str:
    return f"{rng.getrandbits(128):032x}"
