-- When a service begins to answer slower, or to fail more often, than in the windows before.

CREATE VIEW service_measures AS
SELECT id, window_start, window_end, window_time, tenant, service, 'p95_ms' AS measure, latency.p95_ms AS measured, events AS evidence
FROM service_10s
WHERE events >= ${spike.least-events} AND latency.p95_ms IS NOT NULL
UNION ALL
SELECT id, window_start, window_end, window_time, tenant, service, 'error_rate', CAST(errors AS DOUBLE) / events, errors
FROM service_10s
WHERE events >= ${spike.least-events};

-- Flink's windows of rows end with the current one, which is taken out again.
CREATE VIEW service_before AS
SELECT *,
  COUNT(*) OVER recent - 1 AS windows,
  SUM(measured) OVER recent - measured AS total,
  SUM(measured * measured) OVER recent - measured * measured AS squares
FROM service_measures
WINDOW recent AS (
  PARTITION BY tenant, service, measure ORDER BY window_time ROWS BETWEEN ${baseline.windows} PRECEDING AND CURRENT ROW);

-- What deviates by less than a tenth, or by less than two in a hundred answers, deviates by nothing a person would look at.
CREATE VIEW service_spread AS
SELECT *,
  total / windows AS expected,
  GREATEST(
    SQRT(GREATEST((squares - total * total / windows) / (windows - 1), CAST(0 AS DOUBLE))),
    IF(measure = 'p95_ms', total / windows * 0.1e0, 0.02e0)) AS deviation
FROM service_before
WHERE windows >= ${baseline.least-windows} AND windows > 1;

CREATE VIEW service_spikes AS
SELECT *, measured > expected + ${spike.deviations} * deviation AS spiking FROM service_spread;

INSERT INTO findings
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)),
  SHA256(CONCAT_WS('|', 'aggregates', 'spike', measure, CAST(window_start AS STRING), tenant, service)),
  'alert',
  'weir.finding',
  ARRAY['web'],
  ARRAY[IF(measure = 'p95_ms', 'info', 'error')],
  CAST(LEAST(40 + score * 2, CAST(100 AS DOUBLE)) AS INT),
  CAST(window_end AS TIMESTAMP_LTZ(3)),
  tenant,
  service,
  IF(measure = 'p95_ms', 'service-latency-spike', 'service-error-spike'),
  IF(measure = 'p95_ms', 'Latency spike of a service', 'Error spike of a service'),
  IF(measure = 'p95_ms',
    service || ' answered 95 % of its requests within ' || CAST(ROUND(measured, 1) AS STRING) || ' ms, and within '
      || CAST(ROUND(expected, 1) AS STRING) || ' ms in the ' || CAST(windows AS STRING) || ' windows of 10 s before.',
    service || ' failed ' || CAST(ROUND(measured * 100, 1) AS STRING) || ' % of its requests, and '
      || CAST(ROUND(expected * 100, 1) AS STRING) || ' % in the ' || CAST(windows AS STRING) || ' windows of 10 s before.'),
  'aggregates',
  tenant || '/' || service,
  ARRAY[id],
  evidence,
  score,
  CAST(window_start AS TIMESTAMP_LTZ(3)),
  CAST(window_end AS TIMESTAMP_LTZ(3)),
  MAP[measure, expected, 'deviation', deviation],
  MAP[measure, measured]
FROM (
  SELECT *,
    (measured - expected) / deviation AS score,
    LAG(spiking) OVER (PARTITION BY tenant, service, measure ORDER BY window_time) AS spiked
  FROM service_spikes
)
WHERE spiking AND spiked IS NOT TRUE;
