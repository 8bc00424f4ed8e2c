"""`metrics` or `findings` to a stream there is already."""
