-- How many events there are of each type and day of the last week, and how many copies of one were delivered.
SELECT
  dataset,
  day,
  count(DISTINCT event.id) AS events,
  count(*) - count(DISTINCT event.id) AS copies
FROM events
WHERE day >= date_format(current_date - INTERVAL '7' DAY, '%Y-%m-%d')
GROUP BY dataset, day
ORDER BY day DESC, dataset
