-- API calls that were refused, by who made them.
SELECT aws.cloudtrail.user_identity.arn AS principal,
       event.provider AS service,
       event.action AS action,
       error.code AS error_code,
       count(*) AS refused,
       max(time) AS last_time
FROM aws_cloudtrail
WHERE event.outcome = 'failure'
GROUP BY aws.cloudtrail.user_identity.arn, event.provider, event.action, error.code
ORDER BY refused DESC
