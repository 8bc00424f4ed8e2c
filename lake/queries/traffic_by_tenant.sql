-- How many events each tenant sent in the last week, and how many bytes of traffic they report.
SELECT
  tenant,
  day,
  count(*) AS events,
  sum(coalesce(network.bytes, 0) + coalesce(http.request.bytes, 0) + coalesce(http.response.bytes, 0)) AS bytes
FROM events
WHERE day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')
GROUP BY tenant, day
ORDER BY day DESC, bytes DESC
