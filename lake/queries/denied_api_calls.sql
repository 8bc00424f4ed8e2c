-- Which calls to AWS were denied to whom in the last week.
SELECT
  aws.cloudtrail.user_identity.arn AS caller,
  event.provider AS service,
  event.action AS call,
  error.code AS error,
  count(*) AS times
FROM aws_cloudtrail
WHERE day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')
  AND contains(event.type, 'denied')
GROUP BY aws.cloudtrail.user_identity.arn, event.provider, event.action, error.code
ORDER BY times DESC
LIMIT 50
