-- What is withdrawn from a stock so fast that it lasts for minutes only.

CREATE VIEW stock_withdrawals AS
SELECT *,
  SUM(withdrawn) OVER recent AS total,
  SUM(IF(withdrawn > 0, 1, 0)) OVER recent AS withdrawals,
  MIN(IF(withdrawn > 0, CAST(happened AS TIMESTAMP_LTZ(3)), CAST(NULL AS TIMESTAMP_LTZ(3)))) OVER recent AS since
FROM stock
WINDOW recent AS (
  PARTITION BY tenant, warehouse, sku
  ORDER BY happened RANGE BETWEEN ${stock.window.interval} PRECEDING AND CURRENT ROW);

-- Of n withdrawals n - 1 fell into the time since the first. What comes at once says nothing of the next minute.
CREATE VIEW stock_rates AS
SELECT *,
  total * (withdrawals - 1) / withdrawals * 60 / GREATEST(TIMESTAMPDIFF(SECOND, since, happened), 60) AS per_minute
FROM stock_withdrawals
WHERE withdrawals >= ${stock.least-withdrawals} AND withdrawals > 1 AND available IS NOT NULL;

CREATE VIEW stock_forecasts AS
SELECT *,
  GREATEST(available, 0e0) / per_minute AS minutes_left,
  GREATEST(available, 0e0) / per_minute <= ${stock.minutes-left} AS low
FROM stock_rates;

-- One finding as it begins: what is low, and was not before. LAG takes those of one millisecond for one.
CREATE VIEW stock_findings AS
SELECT
  'stock-running-out' AS rule,
  'Stock running out' AS title,
  CAST(NULL AS ARRAY<STRING>) AS category,
  tenant,
  CAST(happened AS TIMESTAMP_LTZ(3)) AS found_at,
  ingested,
  tenant || '/' || warehouse || '/' || sku AS subject,
  CAST(NULL AS STRING) AS account,
  CAST(NULL AS STRING) AS source_ip,
  CAST(NULL AS STRING) AS country,
  40 + 60 * (1 - minutes_left / ${stock.minutes-left}) AS severity,
  COALESCE(a.name, sku) || IF(warehouse = '', '', ' in warehouse ' || warehouse) || ' runs out in '
    || CAST(CAST(FLOOR(minutes_left) AS BIGINT) AS STRING) || ' minutes: ' || CAST(ROUND(available, 1) AS STRING) || ' ' || unit
    || ' left, ' || CAST(ROUND(per_minute, 1) AS STRING) || ' withdrawn a minute.' AS message,
  ARRAY[s.id] AS evidence,
  CAST(withdrawals AS BIGINT) AS evidence_count,
  CAST(NULL AS DOUBLE) AS score,
  since,
  MAP['minutes_left', CAST(${stock.minutes-left} AS DOUBLE)] AS expected,
  MAP['minutes_left', minutes_left, 'available', available, 'withdrawn_per_minute', per_minute] AS actual,
  MAP['sku', sku, 'warehouse', NULLIF(warehouse, ''), 'unit', unit,
    'article', a.name, 'supplier', a.supplier] AS attribution
FROM (
  SELECT *, SUM(IF(low, 1, 0)) OVER two AS low_of_two, PROCTIME() AS looked_up
  FROM stock_forecasts
  WINDOW two AS (PARTITION BY tenant, warehouse, sku ORDER BY happened ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
) AS s
LEFT JOIN articles FOR SYSTEM_TIME AS OF s.looked_up AS a ON a.id = s.sku
WHERE low AND low_of_two = 1;
