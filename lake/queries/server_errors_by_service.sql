-- Which services answered with 5xx since yesterday: how often, and to what share of the requests in percent.
SELECT
  coalesce(service.name, url.domain, 'unknown') AS service,
  count_if(http.response.status_code >= 500) AS errors,
  count(*) AS requests,
  round(100.0 * count_if(http.response.status_code >= 500) / count(*), 2) AS percent
FROM events
WHERE day >= date_format(current_date - INTERVAL '1' DAY, '%Y-%m-%d')
  AND dataset IN ('app', 'aws.alb')
  AND http.response.status_code IS NOT NULL
GROUP BY coalesce(service.name, url.domain, 'unknown')
HAVING count_if(http.response.status_code >= 500) > 0
ORDER BY errors DESC
LIMIT 50
