"""Payments: authorised, captured, declined, failed, refunded, disputed. A format of Weir's own.

| field | type | |
|---|---|---|
| `event` | text, required | `payment.` and what happened: `payment.authorised`, `payment.declined`, ... |
| `payment_id` | text, required | |
| `time` | ISO 8601 or epoch number | when it happened; the arrival, if absent |
| `event_id` | text | of this event, and no other: a second one with it is the same event |
| `order_id`, `customer_id` | text | what was paid, and by whom |
| `amount`, `currency` | number, text | ISO 4217 |
| `method`, `brand`, `provider` | text | `card`, `transfer`, `wallet`, ...; of the card; who carries it out |
| `country` | text | of the payer, ISO 3166-1 alpha-2 |
| `code`, `reason` | text | of a payment that was declined or failed: the provider's code, and in words |
| `risk_score` | number | 0 (none) to 100 |
| `client_ip` | text | IPv4 or IPv6 |

The number of a card is never sent.

Anything else is kept in `payment.other`.
"""

from __future__ import annotations

from common.kinds import NUMBER, WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table

#: What happened, by how the payment came out; everything else is unknown, such as a payment that is only pending.
_OUTCOMES = {
    **dict.fromkeys(("payment.authorised", "payment.captured", "payment.settled", "payment.refunded"), "success"),
    **dict.fromkeys(("payment.declined", "payment.failed", "payment.expired"), "failure"),
}


def recognise(record: JsonObject) -> bool:
    name = record["event"]
    return isinstance(name, str) and name.startswith("payment.")


def _complete(event: JsonObject, rest: JsonObject) -> None:
    outcome = _OUTCOMES.get(event["event"].get("action"), "unknown")
    event["event"]["outcome"] = outcome
    event["event"]["type"] = ["error"] if outcome == "failure" else ["info"]


TABLE = Table(
    {
        "event": "event.action",
        "event_id": "event.id",
        "time": "@timestamp",
        "code": "event.code",
        "reason": "event.reason",
        "payment_id": "payment.id",
        "order_id": "payment.order_id",
        "customer_id": "user.id",
        "amount": "payment.amount",
        "currency": "payment.currency",
        "method": "payment.method",
        "brand": "payment.brand",
        "provider": "payment.provider",
        "country": "payment.country",
        "risk_score": "payment.risk_score",
        "client_ip": "source.ip",
    },
    own={
        **{f"payment.{name}": WORD for name in ("id", "order_id", "currency", "method", "brand", "provider", "country")},
        "payment.amount": NUMBER,
        "payment.risk_score": NUMBER,
    },
    rest="payment.other",
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="payment",
    dataset="business.payment",
    title="Payment",
    page="https://www.elastic.co/docs/reference/ecs/ecs-field-reference",
    arrival="A shop's systems, or its payment provider's webhook, send each event as a JSON object.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("event", "payment_id"),
)
