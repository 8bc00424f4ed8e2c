-- Target groups behind load balancers by the 99th percentile of their answers, in seconds.
SELECT aws.elb.target_group AS target_group,
       count(*) AS requests,
       approx_percentile(aws.elb.target_seconds, 0.5) AS p50,
       approx_percentile(aws.elb.target_seconds, 0.99) AS p99
FROM aws_alb
WHERE aws.elb.target_seconds IS NOT NULL
GROUP BY aws.elb.target_group
ORDER BY p99 DESC
