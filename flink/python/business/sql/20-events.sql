-- Events of the three kinds, in names of their own.

CREATE VIEW orders AS
SELECT tenant, happened, `order.channel` AS channel, `order.amount` AS amount, `order.currency` AS currency
FROM events
WHERE `event.dataset` = 'business.order' AND `event.action` = 'order.placed';

-- What is withdrawn leaves with a quantity below 0.
CREATE VIEW stock AS
SELECT
  `event.id` AS id,
  `event.ingested` AS ingested,
  tenant,
  happened,
  `stock.sku` AS sku,
  COALESCE(`stock.warehouse`, '') AS warehouse,
  COALESCE(`stock.unit`, 'pieces') AS unit,
  `event.action` AS action,
  `stock.level` - COALESCE(`stock.reserved`, 0e0) AS available,
  IF(`stock.quantity` < 0, -`stock.quantity`, 0e0) AS withdrawn
FROM events
WHERE `event.dataset` = 'business.stock' AND `stock.sku` IS NOT NULL;

-- What an account tried to pay: a payment has one such event, and later ones as it is captured, settled or refunded.
CREATE VIEW payments AS
SELECT
  `event.id` AS id,
  `event.ingested` AS ingested,
  tenant,
  happened,
  `user.id` AS account,
  `source.ip` AS source_ip,
  `event.action` <> 'payment.authorised' AS failed,
  `payment.amount` AS amount,
  COALESCE(`payment.currency`, '') AS currency,
  `payment.method` AS paid_by,
  `payment.provider` AS provider,
  `payment.country` AS country
FROM events
WHERE `event.dataset` = 'business.payment' AND `event.action` IN ('payment.authorised', 'payment.declined', 'payment.failed');
