-- Events of each type and day, the newest days first.
SELECT day, dataset, count(*) AS events, count(DISTINCT event.id) AS different
FROM events
GROUP BY day, dataset
ORDER BY day DESC, events DESC
