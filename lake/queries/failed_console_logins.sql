-- Failed logins to the console, by user and address.
SELECT "user".name AS user_name, source.ip AS source_ip, count(*) AS failed, min(time) AS first_time, max(time) AS last_time
FROM aws_cloudtrail
WHERE event.action = 'ConsoleLogin' AND event.outcome = 'failure'
GROUP BY "user".name, source.ip
ORDER BY failed DESC
