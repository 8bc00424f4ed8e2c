-- All that was found, as events.

INSERT INTO findings
SELECT
  found_at,
  SHA256(CONCAT_WS('|', 'business', rule, subject, evidence[CARDINALITY(evidence)])),
  'alert',
  'weir.finding',
  category,
  ARRAY[IF(category IS NULL, 'info', 'indicator')],
  CAST(LEAST(severity, 100e0) AS INT),
  since,
  found_at,
  ingested,
  tenant,
  account,
  source_ip,
  country,
  rule,
  title,
  message,
  'business',
  subject,
  evidence,
  evidence_count,
  score,
  since,
  found_at,
  expected,
  actual,
  attribution
FROM (
  SELECT * FROM stock_findings
  UNION ALL
  SELECT * FROM amount_findings
  UNION ALL
  SELECT * FROM velocity_findings
  UNION ALL
  SELECT * FROM country_findings
);
