-- The streams, each by the role that names its property group, and the master data of services.

CREATE TABLE events (
  `event.id` STRING NOT NULL,
  `event.dataset` STRING NOT NULL,
  `event.ingested` TIMESTAMP_LTZ(3) NOT NULL,
  `@timestamp` TIMESTAMP_LTZ(3) NOT NULL,
  `event.end` TIMESTAMP_LTZ(3),
  `tenant` STRING NOT NULL,
  `event.outcome` STRING,
  `event.duration` BIGINT,
  `http.response.status_code` BIGINT,
  `http.response.bytes` BIGINT,
  `network.bytes` BIGINT,
  `source.bytes` BIGINT,
  `source.ip` STRING,
  `service.name` STRING,
  `container.name` STRING,
  `url.domain` STRING,
  `aws.elb.name` STRING,
  -- What took a while counts when it ended: a flow is told of then, minutes after it began. A clock that runs ahead of the
  -- pipeline's would make the events of all others late.
  happened AS CASE WHEN COALESCE(`event.end`, `@timestamp`) > `event.ingested` + INTERVAL '${future.seconds}' SECOND(3)
    THEN `event.ingested` ELSE COALESCE(`event.end`, `@timestamp`) END,
  WATERMARK FOR happened AS happened - INTERVAL '${out-of-orderness.seconds}' SECOND(3) - INTERVAL '0.001' SECOND
) WITH ('connector' = 'weir', 'stream' = 'events', 'duplicates.seconds' = '${duplicates.seconds}');

CREATE TABLE services (
  id STRING,
  owner STRING,
  team STRING,
  tier STRING,
  slo_ms DOUBLE
) WITH ('connector' = 'weir', 'master' = 'service');

CREATE TABLE metrics (
  `@timestamp` TIMESTAMP_LTZ(3),
  `event.id` STRING,
  `event.kind` STRING,
  `event.dataset` STRING,
  `event.ingested` TIMESTAMP_LTZ(3),
  `event.start` TIMESTAMP_LTZ(3),
  `event.end` TIMESTAMP_LTZ(3),
  `event.duration` BIGINT,
  `tenant` STRING,
  `service.name` STRING,
  `source.ip` STRING,
  `weir.metric.name` STRING,
  `weir.metric.application` STRING,
  `weir.metric.window_seconds` INT,
  `weir.metric.dimensions` MAP<STRING, STRING>,
  `weir.metric.count` BIGINT,
  `weir.metric.errors` BIGINT,
  `weir.metric.error_rate` DOUBLE,
  `weir.metric.p50_ms` DOUBLE,
  `weir.metric.p95_ms` DOUBLE,
  `weir.metric.p99_ms` DOUBLE,
  `weir.metric.value` DOUBLE
) PARTITIONED BY (`tenant`, `service.name`, `source.ip`) WITH ('connector' = 'weir', 'stream' = 'metrics');

CREATE TABLE findings (
  `@timestamp` TIMESTAMP_LTZ(3),
  `event.id` STRING,
  `event.kind` STRING,
  `event.dataset` STRING,
  `event.category` ARRAY<STRING>,
  `event.type` ARRAY<STRING>,
  `event.severity` INT,
  `event.ingested` TIMESTAMP_LTZ(3),
  `tenant` STRING,
  `service.name` STRING,
  `rule.id` STRING,
  `rule.name` STRING,
  `message` STRING,
  `weir.finding.application` STRING,
  `weir.finding.key` STRING,
  `weir.finding.evidence` ARRAY<STRING>,
  `weir.finding.evidence_count` BIGINT,
  `weir.finding.score` DOUBLE,
  `weir.finding.start` TIMESTAMP_LTZ(3),
  `weir.finding.end` TIMESTAMP_LTZ(3),
  `weir.finding.expected` MAP<STRING, DOUBLE>,
  `weir.finding.actual` MAP<STRING, DOUBLE>
) PARTITIONED BY (`tenant`, `service.name`) WITH ('connector' = 'weir', 'stream' = 'findings');
