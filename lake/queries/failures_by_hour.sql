-- How many events of each type failed in each hour since yesterday, by the time they happened.
SELECT
  date_trunc('hour', from_iso8601_timestamp(time)) AS hour,
  dataset,
  count_if(event.outcome = 'failure') AS failures,
  count(*) AS events
FROM events
WHERE day >= date_format(current_date - INTERVAL '1' DAY, '%Y-%m-%d')
GROUP BY date_trunc('hour', from_iso8601_timestamp(time)), dataset
ORDER BY hour DESC, failures DESC
