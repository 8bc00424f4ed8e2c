-- Which paths behind the load balancers took longest since yesterday: median and 99th percentile, in seconds.
SELECT
  url.path AS path,
  count(*) AS requests,
  approx_percentile(aws.elb.target_seconds, 0.5) AS median,
  approx_percentile(aws.elb.target_seconds, 0.99) AS p99
FROM aws_alb
WHERE day >= date_format(current_date - INTERVAL '1' DAY, '%Y-%m-%d')
  AND aws.elb.target_seconds IS NOT NULL
GROUP BY url.path
ORDER BY p99 DESC
LIMIT 50
