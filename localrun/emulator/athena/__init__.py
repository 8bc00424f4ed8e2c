"""Athena: queries answered by DuckDB from the tables deployed in Glue and the Parquet files in the emulator's S3.

MiniStack answers without a query engine unless DuckDB is there, and then knows no partition projection, takes the columns of the
first file for the table's, lets a caller pass by an enforced workgroup, and scans without limit and without permission.

Not done: statements other than queries, files other than Parquet, tables without partition projection that have partition keys.
"""
