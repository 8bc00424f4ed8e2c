-- Addresses that sent the most bytes, and how many others they reached.
SELECT source.ip AS source_ip,
       sum(network.bytes) AS bytes,
       count(DISTINCT destination.ip) AS destinations
FROM aws_vpcflow
GROUP BY source.ip
ORDER BY bytes DESC
LIMIT 50
