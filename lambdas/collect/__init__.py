"""Log files in S3 to records on `raw`."""
