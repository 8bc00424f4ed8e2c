-- What each service does: every 10 s, and every minute as a whole and by the class of its answers.

-- The one pass over the events. All else is made of its rows, which keep every duration, so that percentiles are exact.
CREATE VIEW service_slices AS
SELECT
  window_start, window_end, window_time, tenant, service, status_class,
  COUNT(*) AS events,
  COUNT(*) FILTER (WHERE failed) AS errors,
  DURATIONS(duration) AS durations
FROM TABLE(TUMBLE((SELECT happened, tenant, service, status_class, failed, duration FROM requests WHERE service IS NOT NULL),
  DESCRIPTOR(happened), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, window_time, tenant, service, status_class;

CREATE VIEW service_10s AS
SELECT *,
  SHA256(CONCAT_WS('|', 'aggregates', 'service_10s', CAST(window_start AS STRING), tenant, service)) AS id
FROM (
  SELECT window_start, window_end, window_time, tenant, service,
    SUM(events) AS events, SUM(errors) AS errors, LATENCY(durations) AS latency
  FROM service_slices
  GROUP BY window_start, window_end, window_time, tenant, service
);

CREATE VIEW service_1m AS
SELECT *,
  IF(status_class IS NULL, 'service_1m', 'service_status_1m') AS name
FROM (
  SELECT window_start, window_end, tenant, service, status_class,
    SUM(events) AS events, SUM(errors) AS errors, LATENCY(durations) AS latency
  FROM TABLE(TUMBLE((SELECT window_time AS happened, tenant, service, status_class, events, errors, durations FROM service_slices),
    DESCRIPTOR(happened), INTERVAL '1' MINUTE))
  GROUP BY window_start, window_end, GROUPING SETS ((tenant, service), (tenant, service, status_class))
);

CREATE VIEW service_metrics AS
SELECT *, PROCTIME() AS joined
FROM (
  SELECT id, 'service_10s' AS name, 10 AS seconds, window_start, window_end, tenant, service, CAST(NULL AS STRING) AS status_class,
    events, errors, latency
  FROM service_10s
  UNION ALL
  SELECT
    SHA256(CONCAT_WS('|', 'aggregates', name, CAST(window_start AS STRING), tenant, COALESCE(status_class, ''), service)),
    name, 60, window_start, window_end, tenant, service, status_class, events, errors, latency
  FROM service_1m
);

INSERT INTO metrics
SELECT
  CAST(m.window_start AS TIMESTAMP_LTZ(3)),
  m.id,
  'metric',
  'weir.metric',
  CAST(m.window_end AS TIMESTAMP_LTZ(3)),
  CAST(m.window_start AS TIMESTAMP_LTZ(3)),
  CAST(m.window_end AS TIMESTAMP_LTZ(3)),
  m.seconds * CAST(1000000000 AS BIGINT),
  m.tenant,
  m.service,
  CAST(NULL AS STRING),
  m.name,
  'aggregates',
  m.seconds,
  MAP['service', m.service, 'status_class', m.status_class,
    'owner', s.owner, 'team', s.team, 'tier', s.tier, 'slo_ms', CAST(s.slo_ms AS STRING)],
  m.events,
  m.errors,
  CAST(m.errors AS DOUBLE) / m.events,
  m.latency.p50_ms,
  m.latency.p95_ms,
  m.latency.p99_ms,
  CAST(m.events AS DOUBLE)
FROM service_metrics AS m
LEFT JOIN services FOR SYSTEM_TIME AS OF m.joined AS s ON s.id = m.service;
