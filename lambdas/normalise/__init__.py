"""`raw` to `events` and `errors`."""
