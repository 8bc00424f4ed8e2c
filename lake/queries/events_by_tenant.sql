-- Events of each tenant and type: who sends how much.
SELECT tenant, dataset, count(*) AS events
FROM events
GROUP BY tenant, dataset
ORDER BY events DESC
