-- What GuardDuty found in the last week, the most severe first; each finding once, as it was last updated.
SELECT
  max(aws.guardduty.severity) AS severity,
  rule.name AS finding,
  cloud.account.id AS account,
  count(DISTINCT aws.guardduty.id) AS findings,
  max(time) AS last
FROM aws_guardduty
WHERE day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')
GROUP BY rule.name, cloud.account.id
ORDER BY severity DESC, findings DESC
LIMIT 50
