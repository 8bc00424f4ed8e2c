-- GuardDuty's findings, the most severe and newest first.
SELECT time, aws.guardduty.severity AS severity, aws.guardduty.title AS title, source.ip AS source_ip, cloud.account.id AS account
FROM aws_guardduty
ORDER BY severity DESC, time DESC
LIMIT 100
