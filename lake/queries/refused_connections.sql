-- Who was refused at which port since yesterday, by VPC flow logs: one source at many ports is a scan.
SELECT
  source.ip AS source,
  count(DISTINCT destination.port) AS ports,
  count(*) AS flows,
  min(time) AS first,
  max(time) AS last
FROM aws_vpcflow
WHERE day >= date_format(current_date - INTERVAL '1' DAY, '%Y-%m-%d')
  AND event.outcome = 'failure'
GROUP BY source.ip
ORDER BY ports DESC, flows DESC
LIMIT 50
