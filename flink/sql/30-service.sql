-- What each service does: every 10 s as a whole, every minute by the class of its answers.

CREATE VIEW service_10s AS
SELECT
  window_start, window_end, window_time, tenant, service,
  COUNT(*) AS events,
  COUNT(*) FILTER (WHERE failed) AS errors,
  PERCENTILE(duration, ARRAY[0.5, 0.95, 0.99]) AS percentiles
FROM TABLE(TUMBLE((SELECT happened, tenant, service, failed, duration FROM requests WHERE service IS NOT NULL),
  DESCRIPTOR(happened), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, window_time, tenant, service;

CREATE VIEW service_1m AS
SELECT
  window_start, window_end, window_time, tenant, service, status_class,
  COUNT(*) AS events,
  COUNT(*) FILTER (WHERE failed) AS errors,
  PERCENTILE(duration, ARRAY[0.5, 0.95, 0.99]) AS percentiles
FROM TABLE(TUMBLE((SELECT happened, tenant, service, status_class, failed, duration FROM requests WHERE service IS NOT NULL),
  DESCRIPTOR(happened), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, window_time, tenant, service, status_class;

CREATE VIEW service_metrics AS
SELECT 'service_10s' AS name, 10 AS seconds, window_start, window_end, tenant, service, CAST(NULL AS STRING) AS status_class,
  events, errors, percentiles, PROCTIME() AS joined
FROM service_10s
UNION ALL
SELECT 'service_1m', 60, window_start, window_end, tenant, service, status_class,
  events, errors, percentiles, PROCTIME()
FROM service_1m;

INSERT INTO metrics
SELECT
  CAST(m.window_start AS TIMESTAMP_LTZ(3)),
  SHA256(CONCAT_WS('|', 'aggregates', m.name, CAST(m.window_start AS STRING), m.tenant, COALESCE(m.status_class, ''), m.service)),
  'metric',
  'weir.metric',
  CAST(m.window_end AS TIMESTAMP_LTZ(3)),
  CAST(m.window_start AS TIMESTAMP_LTZ(3)),
  CAST(m.window_end AS TIMESTAMP_LTZ(3)),
  m.seconds * 1000000000,
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
  m.percentiles[1] / 1e6,
  m.percentiles[2] / 1e6,
  m.percentiles[3] / 1e6,
  CAST(m.events AS DOUBLE)
FROM service_metrics AS m
LEFT JOIN services FOR SYSTEM_TIME AS OF m.joined AS s ON s.id = m.service;
