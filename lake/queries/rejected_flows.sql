-- What the network refused: who knocked at which ports, and how often.
SELECT source.ip AS source_ip, destination.port AS port, count(*) AS refused
FROM aws_vpcflow
WHERE event.outcome = 'failure'
GROUP BY source.ip, destination.port
ORDER BY refused DESC
LIMIT 100
