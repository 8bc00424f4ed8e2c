-- What is ordered, leaves the warehouses and is paid, by the minute and by what master data says of shops and articles.

-- The three have one shape, so that one pass over their windows counts them all; what is not of one is null.
CREATE VIEW sales AS
SELECT
  'sales_1m' AS name, o.tenant, o.happened, o.channel AS shop, s.name AS shop_name, s.region, o.currency,
  CAST(NULL AS STRING) AS warehouse, CAST(NULL AS STRING) AS article_group, CAST(NULL AS STRING) AS unit,
  CAST(NULL AS STRING) AS paid_by, CAST(NULL AS STRING) AS provider,
  CAST(NULL AS BOOLEAN) AS failed, o.amount AS amount
FROM (SELECT *, PROCTIME() AS looked_up FROM orders) AS o
LEFT JOIN shops FOR SYSTEM_TIME AS OF o.looked_up AS s ON s.id = o.channel
UNION ALL
SELECT
  'picked_1m', tenant, happened, CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS STRING),
  NULLIF(warehouse, ''), a.article_group, unit,
  CAST(NULL AS STRING), CAST(NULL AS STRING),
  CAST(NULL AS BOOLEAN), withdrawn
FROM (SELECT *, PROCTIME() AS looked_up FROM stock WHERE action = 'stock.picked') AS p
LEFT JOIN article_groups FOR SYSTEM_TIME AS OF p.looked_up AS a ON a.id = p.sku
UNION ALL
SELECT
  'payments_1m', tenant, happened, CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS STRING), NULLIF(currency, ''),
  CAST(NULL AS STRING), CAST(NULL AS STRING), CAST(NULL AS STRING),
  paid_by, provider,
  failed, IF(failed, 0e0, amount)
FROM payments;

INSERT INTO metrics
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)),
  SHA256(CONCAT_WS('|', 'business', name, CAST(window_start AS STRING), tenant, COALESCE(shop, ''), COALESCE(shop_name, ''),
    COALESCE(region, ''), COALESCE(currency, ''), COALESCE(warehouse, ''), COALESCE(article_group, ''), COALESCE(unit, ''),
    COALESCE(paid_by, ''), COALESCE(provider, ''))),
  'metric',
  'weir.metric',
  CAST(window_end AS TIMESTAMP_LTZ(3)),
  CAST(window_start AS TIMESTAMP_LTZ(3)),
  CAST(window_end AS TIMESTAMP_LTZ(3)),
  60 * CAST(1000000000 AS BIGINT),
  tenant,
  name,
  'business',
  60,
  MAP['shop', shop, 'shop_name', shop_name, 'region', region, 'currency', currency, 'warehouse', warehouse,
    'article_group', article_group, 'unit', unit, 'method', paid_by, 'provider', provider],
  events,
  failures,
  CAST(failures AS DOUBLE) / events,
  amount
FROM (
  SELECT
    window_start, window_end, name, tenant, shop, shop_name, region, currency, warehouse, article_group, unit, paid_by, provider,
    COUNT(*) AS events,
    CAST(SUM(IF(failed IS NULL, CAST(NULL AS INT), IF(failed, 1, 0))) AS BIGINT) AS failures,
    SUM(amount) AS amount
  FROM TABLE(TUMBLE(TABLE sales, DESCRIPTOR(happened), INTERVAL '1' MINUTE))
  GROUP BY
    window_start, window_end, name, tenant, shop, shop_name, region, currency, warehouse, article_group, unit, paid_by, provider
);
