"""`events` to the index families."""
