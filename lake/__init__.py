"""The lake as its users have it: queries over the events in S3."""
