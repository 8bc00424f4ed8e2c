"""Stock of a warehouse: levels that were counted, and movements that change them. A format of Weir's own.

| field | type | |
|---|---|---|
| `event` | text, required | `stock.level`, or `stock.` and how it moved: `stock.received`, `stock.picked`, ... |
| `sku` | text, required | what is kept |
| `time` | ISO 8601 or epoch number | when it happened; the arrival, if absent |
| `event_id` | text | of this event, and no other: a second one with it is the same event |
| `warehouse`, `location` | text | the house, and the place in it |
| `quantity` | number | moved: less than 0 when it leaves |
| `level` | number | in stock after it |
| `reserved`, `reorder_point` | number | of the level; the level at which more is ordered |
| `unit` | text | of all these numbers: `pieces`, `kg`, ... |
| `order_id`, `batch`, `reason` | text | what it moved for, out of which lot, and why |

Anything else is kept in `stock.other`.
"""

from __future__ import annotations

from common.kinds import NUMBER, WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table


def recognise(record: JsonObject) -> bool:
    name = record["event"]
    return isinstance(name, str) and name.startswith("stock.")


TABLE = Table(
    {
        "event": "event.action",
        "event_id": "event.id",
        "time": "@timestamp",
        "reason": "event.reason",
        "sku": "stock.sku",
        "warehouse": "stock.warehouse",
        "location": "stock.location",
        "quantity": "stock.quantity",
        "level": "stock.level",
        "reserved": "stock.reserved",
        "reorder_point": "stock.reorder_point",
        "unit": "stock.unit",
        "order_id": "stock.order_id",
        "batch": "stock.batch",
    },
    own={
        **{f"stock.{name}": WORD for name in ("sku", "warehouse", "location", "unit", "order_id", "batch")},
        **{f"stock.{name}": NUMBER for name in ("quantity", "level", "reserved", "reorder_point")},
    },
    rest="stock.other",
    constants={"event.type": ["info"]},
)

LOG_TYPE = ObjectType(
    name="stock",
    dataset="business.stock",
    title="Stock level or movement",
    page="https://www.elastic.co/docs/reference/ecs/ecs-field-reference",
    arrival="A warehouse's systems send each event as a JSON object.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("event", "sku"),
)
