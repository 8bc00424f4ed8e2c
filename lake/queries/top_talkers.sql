-- Which pairs of addresses exchanged most bytes since yesterday, by VPC flow logs.
SELECT
  source.ip AS source,
  destination.ip AS destination,
  sum(network.bytes) AS bytes,
  sum(network.packets) AS packets
FROM aws_vpcflow
WHERE day >= date_format(current_date - INTERVAL '1' DAY, '%Y-%m-%d')
  AND event.action = 'accept'
GROUP BY source.ip, destination.ip
ORDER BY bytes DESC
LIMIT 50
