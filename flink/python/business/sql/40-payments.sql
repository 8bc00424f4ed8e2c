-- What an account pays, against what it paid before: an unusual amount, many at once, and another country within the hour.

-- Flink's windows of rows end with the current one, which is taken out again.
CREATE VIEW payments_before AS
SELECT *,
  COUNT(*) OVER history - 1 AS payments,
  SUM(amount) OVER history - amount AS total,
  SUM(amount * amount) OVER history - amount * amount AS squares,
  MIN(CAST(happened AS TIMESTAMP_LTZ(3))) OVER history AS since
FROM payments
WHERE account IS NOT NULL AND amount > 0
WINDOW history AS (
  PARTITION BY tenant, account, currency
  ORDER BY happened RANGE BETWEEN ${amount.history.interval} PRECEDING AND CURRENT ROW);

-- Who always pays as much may pay a tenth more.
CREATE VIEW payments_spread AS
SELECT *,
  total / payments AS mean,
  GREATEST(
    SQRT(GREATEST((squares - total * total / payments) / (payments - 1), 0e0)), total / payments * 0.1e0) AS deviation
FROM payments_before
WHERE payments >= ${amount.least-payments} AND payments > 1;

CREATE VIEW amount_findings AS
SELECT
  'payment-amount' AS rule,
  'Unusual amount of a payment' AS title,
  ARRAY['threat'] AS category,
  tenant,
  CAST(happened AS TIMESTAMP_LTZ(3)) AS found_at,
  ingested,
  tenant || '/' || account AS subject,
  account,
  source_ip,
  country,
  40 + (amount - mean) / deviation * 2 AS severity,
  'Account ' || account || ' pays ' || CAST(ROUND(amount, 2) AS STRING) || ' ' || currency || ', and paid '
    || CAST(ROUND(mean, 2) AS STRING) || ' on average ' || CAST(payments AS STRING) || ' times before.' AS message,
  ARRAY[id] AS evidence,
  payments + 1 AS evidence_count,
  (amount - mean) / deviation AS score,
  since,
  MAP['amount', mean, 'deviation', deviation] AS expected,
  MAP['amount', amount] AS actual,
  MAP['currency', currency] AS attribution
FROM payments_spread
WHERE amount > mean + ${amount.deviations} * deviation;

CREATE VIEW payments_at_once AS
SELECT *,
  COUNT(*) OVER latest AS payments,
  SUM(amount) OVER latest AS total,
  SUM(IF(failed, 1, 0)) OVER latest AS failures,
  MIN(CAST(happened AS TIMESTAMP_LTZ(3))) OVER latest AS since
FROM payments
WHERE account IS NOT NULL
WINDOW latest AS (
  PARTITION BY tenant, account
  ORDER BY happened RANGE BETWEEN ${velocity.interval} PRECEDING AND CURRENT ROW);

CREATE VIEW velocity_findings AS
SELECT
  'payment-velocity' AS rule,
  'Many payments of an account' AS title,
  ARRAY['threat'] AS category,
  tenant,
  CAST(happened AS TIMESTAMP_LTZ(3)) AS found_at,
  ingested,
  tenant || '/' || account AS subject,
  account,
  source_ip,
  country,
  60e0 AS severity,
  'Account ' || account || ' tried ' || CAST(payments AS STRING) || ' payments within ${velocity.seconds} s, of which '
    || CAST(failures AS STRING) || ' failed.' AS message,
  ARRAY[id] AS evidence,
  payments AS evidence_count,
  CAST(NULL AS DOUBLE) AS score,
  since,
  MAP['payments', CAST(${velocity.payments} AS DOUBLE)] AS expected,
  MAP['payments', CAST(payments AS DOUBLE), 'failures', CAST(failures AS DOUBLE), 'amount', total] AS actual,
  CAST(NULL AS MAP<STRING, STRING>) AS attribution
FROM (
  SELECT *, SUM(IF(payments >= ${velocity.payments}, 1, 0)) OVER two AS many_of_two
  FROM payments_at_once
  WINDOW two AS (PARTITION BY tenant, account ORDER BY happened ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
WHERE payments >= ${velocity.payments} AND many_of_two = 1;

CREATE VIEW country_findings AS
SELECT
  'payment-country' AS rule,
  'Payments of an account from two countries' AS title,
  ARRAY['threat'] AS category,
  tenant,
  found_at,
  IF(ingested > ingested_before, ingested, ingested_before) AS ingested,
  tenant || '/' || account AS subject,
  account,
  source_ip,
  country,
  70e0 AS severity,
  'Account ' || account || ' pays from ' || country || ', and paid from ' || country_before || ' '
    || CAST(TIMESTAMPDIFF(SECOND, since, found_at) AS STRING) || ' s before.' AS message,
  ARRAY[id_before, id] AS evidence,
  CAST(2 AS BIGINT) AS evidence_count,
  CAST(NULL AS DOUBLE) AS score,
  since,
  CAST(NULL AS MAP<STRING, DOUBLE>) AS expected,
  MAP['seconds', CAST(TIMESTAMPDIFF(SECOND, since, found_at) AS DOUBLE)] AS actual,
  MAP['country_before', country_before] AS attribution
FROM (SELECT * FROM payments WHERE account IS NOT NULL AND country IS NOT NULL)
MATCH_RECOGNIZE (
  PARTITION BY tenant, account
  ORDER BY happened
  MEASURES
    LAST(there.id) AS id_before,
    here.id AS id,
    LAST(there.country) AS country_before,
    here.country AS country,
    LAST(there.ingested) AS ingested_before,
    here.ingested AS ingested,
    here.source_ip AS source_ip,
    CAST(LAST(there.happened) AS TIMESTAMP_LTZ(3)) AS since,
    CAST(here.happened AS TIMESTAMP_LTZ(3)) AS found_at
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO LAST here
  PATTERN (there here) WITHIN ${country.interval}
  DEFINE here AS here.country <> LAST(there.country)
);
