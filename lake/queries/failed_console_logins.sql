-- Who failed to sign in to the AWS console in the last week, and from where.
SELECT
  coalesce("user".name, 'unknown') AS name,
  coalesce(source.ip, source.address) AS source,
  cloud.account.id AS account,
  count(*) AS attempts,
  min(time) AS first,
  max(time) AS last
FROM aws_cloudtrail
WHERE day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')
  AND event.action = 'ConsoleLogin'
  AND event.outcome = 'failure'
GROUP BY coalesce("user".name, 'unknown'), coalesce(source.ip, source.address), cloud.account.id
ORDER BY attempts DESC
LIMIT 50
