"""Orders of a shop: placed, changed, paid, shipped, delivered, returned, cancelled. A format of Weir's own.

| field | type | |
|---|---|---|
| `event` | text, required | `order.` and what happened: `order.placed`, `order.changed`, ... |
| `order_id` | text, required | |
| `time` | ISO 8601 or epoch number | when it happened; the arrival, if absent |
| `event_id` | text | of this event, and no other: a second one with it is the same event |
| `customer_id`, `channel` | text | whose, and by `web`, `app`, `store`, ... |
| `country`, `status` | text | ISO 3166-1 alpha-2; the order's state after the event |
| `amount`, `currency` | number, text | of the whole order, ISO 4217 |
| `items` | number | pieces of all lines |
| `lines` | list of objects | `sku`, `quantity`, `price`; kept as it is, in `order.other` |
| `reason` | text | of a change, return or cancellation |

Anything else is kept in `order.other`.
"""

from __future__ import annotations

from common.kinds import NUMBER, WHOLE, WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table


def recognise(record: JsonObject) -> bool:
    name = record["event"]
    return isinstance(name, str) and name.startswith("order.")


TABLE = Table(
    {
        "event": "event.action",
        "event_id": "event.id",
        "time": "@timestamp",
        "reason": "event.reason",
        "order_id": "order.id",
        "customer_id": "user.id",
        "channel": "order.channel",
        "country": "order.country",
        "status": "order.status",
        "amount": "order.amount",
        "currency": "order.currency",
        "items": "order.items",
    },
    own={
        **{f"order.{name}": WORD for name in ("id", "channel", "country", "status", "currency")},
        "order.amount": NUMBER,
        "order.items": WHOLE,
    },
    rest="order.other",
    constants={"event.type": ["info"]},
)

LOG_TYPE = ObjectType(
    name="order",
    dataset="business.order",
    title="Order of a shop",
    page="https://www.elastic.co/docs/reference/ecs/ecs-field-reference",
    arrival="A shop's systems send each event as a JSON object.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("event", "order_id"),
)
