"""Records of `raw` to archive lines, inside Firehose."""
