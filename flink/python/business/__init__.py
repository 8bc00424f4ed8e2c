"""Stock, payments and sales: SQL over business events joined with master data, run by Flink's Table API."""
