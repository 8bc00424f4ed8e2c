-- The streams, each by the role that names its property group, and the master data of articles and shops.

CREATE TABLE events (
  `event.id` STRING NOT NULL,
  `event.dataset` STRING NOT NULL,
  `event.ingested` TIMESTAMP_LTZ(3) NOT NULL,
  `@timestamp` TIMESTAMP_LTZ(3) NOT NULL,
  `tenant` STRING NOT NULL,
  `event.action` STRING,
  `user.id` STRING,
  `source.ip` STRING,
  `order.channel` STRING,
  `order.amount` DOUBLE,
  `order.currency` STRING,
  `stock.sku` STRING,
  `stock.warehouse` STRING,
  `stock.quantity` DOUBLE,
  `stock.level` DOUBLE,
  `stock.reserved` DOUBLE,
  `stock.unit` STRING,
  `payment.amount` DOUBLE,
  `payment.currency` STRING,
  `payment.method` STRING,
  `payment.provider` STRING,
  `payment.country` STRING,
  -- A clock that runs ahead of the pipeline's would make the events of all others late.
  happened AS CASE WHEN `@timestamp` > `event.ingested` + ${future.interval}
    THEN `event.ingested` ELSE `@timestamp` END,
  WATERMARK FOR happened AS happened - ${out-of-orderness.interval} - INTERVAL '0.001' SECOND
) WITH ('connector' = 'weir', 'stream' = 'events', 'duplicates.seconds' = '${duplicates.seconds}');

-- Articles are looked up for two things, in two tables: the planner would share the one table's rows, which a lookup has not got.
CREATE TABLE articles (
  id STRING,
  name STRING,
  supplier STRING
) WITH ('connector' = 'weir', 'master' = 'article');

CREATE TABLE article_groups (
  id STRING,
  article_group STRING
) WITH ('connector' = 'weir', 'master' = 'article');

CREATE TABLE shops (
  id STRING,
  name STRING,
  region STRING
) WITH ('connector' = 'weir', 'master' = 'shop');

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
  `weir.metric.name` STRING,
  `weir.metric.application` STRING,
  `weir.metric.window_seconds` INT,
  `weir.metric.dimensions` MAP<STRING, STRING>,
  `weir.metric.count` BIGINT,
  `weir.metric.errors` BIGINT,
  `weir.metric.error_rate` DOUBLE,
  `weir.metric.value` DOUBLE
) PARTITIONED BY (`tenant`, `weir.metric.name`) WITH ('connector' = 'weir', 'stream' = 'metrics');

CREATE TABLE findings (
  `@timestamp` TIMESTAMP_LTZ(3),
  `event.id` STRING,
  `event.kind` STRING,
  `event.dataset` STRING,
  `event.category` ARRAY<STRING>,
  `event.type` ARRAY<STRING>,
  `event.severity` INT,
  `event.start` TIMESTAMP_LTZ(3),
  `event.end` TIMESTAMP_LTZ(3),
  `event.ingested` TIMESTAMP_LTZ(3),
  `tenant` STRING,
  `user.id` STRING,
  `source.ip` STRING,
  `source.geo.country_iso_code` STRING,
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
  `weir.finding.actual` MAP<STRING, DOUBLE>,
  `weir.finding.attribution` MAP<STRING, STRING>
) PARTITIONED BY (`tenant`, `weir.finding.key`) WITH ('connector' = 'weir', 'stream' = 'findings');
