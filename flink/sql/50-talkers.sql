-- The addresses that moved the most bytes of each kind of log, and where it tells no bytes, sent the most requests.

INSERT INTO metrics
SELECT
  CAST(window_start AS TIMESTAMP_LTZ(3)),
  SHA256(CONCAT_WS('|', 'aggregates', 'talkers_1m', CAST(window_start AS STRING), tenant, dataset, source_ip)),
  'metric',
  'weir.metric',
  CAST(window_end AS TIMESTAMP_LTZ(3)),
  CAST(window_start AS TIMESTAMP_LTZ(3)),
  CAST(window_end AS TIMESTAMP_LTZ(3)),
  60 * CAST(1000000000 AS BIGINT),
  tenant,
  CAST(NULL AS STRING),
  source_ip,
  'talkers_1m',
  'aggregates',
  60,
  MAP['dataset', dataset, 'source_ip', source_ip, 'rank', CAST(nth AS STRING)],
  events,
  errors,
  CAST(errors AS DOUBLE) / events,
  CAST(NULL AS DOUBLE),
  CAST(NULL AS DOUBLE),
  CAST(NULL AS DOUBLE),
  CAST(transferred AS DOUBLE)
FROM (
  SELECT *, ROW_NUMBER() OVER (
    PARTITION BY window_start, window_end, tenant, dataset ORDER BY transferred DESC, events DESC, source_ip ASC) AS nth
  FROM (
    SELECT
      window_start, window_end, tenant, dataset, source_ip,
      COUNT(*) AS events,
      COUNT(*) FILTER (WHERE failed) AS errors,
      COALESCE(SUM(transferred), 0) AS transferred
    FROM TABLE(TUMBLE((SELECT happened, tenant, dataset, source_ip, failed, transferred FROM requests WHERE source_ip IS NOT NULL),
      DESCRIPTOR(happened), INTERVAL '1' MINUTE))
    GROUP BY window_start, window_end, tenant, dataset, source_ip
  )
)
WHERE nth <= ${talkers.count};
