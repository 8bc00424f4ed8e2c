-- Services whose applications answered with a server error, with the share of it.
SELECT service.name AS service,
       count(*) AS events,
       count_if(http.response.status_code >= 500) AS failed,
       round(100.0 * count_if(http.response.status_code >= 500) / count(*), 2) AS percent
FROM app
WHERE http.response.status_code IS NOT NULL
GROUP BY service.name
ORDER BY failed DESC
