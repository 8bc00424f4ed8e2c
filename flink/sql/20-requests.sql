-- Events with their service, the class of their answer, and whether they failed.

CREATE VIEW requests AS
SELECT *
FROM (
  SELECT
    happened,
    tenant,
    `event.dataset` AS dataset,
    -- A service by its name, or what answered the request: not what inspected it on its way.
    CASE
      WHEN `service.name` IS NOT NULL THEN `service.name`
      WHEN `event.dataset` IN ('aws.waf', 'aws.network_firewall', 'aws.guardduty', 'ocsf') THEN CAST(NULL AS STRING)
      WHEN `http.response.status_code` IS NOT NULL THEN COALESCE(`container.name`, `url.domain`, `aws.elb.name`)
    END AS service,
    CASE
      WHEN `http.response.status_code` BETWEEN 200 AND 299 THEN '2xx'
      WHEN `http.response.status_code` BETWEEN 300 AND 399 THEN '3xx'
      WHEN `http.response.status_code` BETWEEN 400 AND 499 THEN '4xx'
      WHEN `http.response.status_code` BETWEEN 500 AND 599 THEN '5xx'
      WHEN `http.response.status_code` BETWEEN 100 AND 199 THEN '1xx'
      ELSE COALESCE(`event.outcome`, 'unknown')
    END AS status_class,
    CASE
      WHEN `http.response.status_code` IS NOT NULL THEN `http.response.status_code` >= 500
      ELSE COALESCE(`event.outcome`, '') = 'failure'
    END AS failed,
    `event.duration` AS duration,
    `source.ip` AS source_ip,
    COALESCE(`network.bytes`, `http.response.bytes`, `source.bytes`) AS transferred
  FROM events
)
WHERE service IS NOT NULL OR source_ip IS NOT NULL;
