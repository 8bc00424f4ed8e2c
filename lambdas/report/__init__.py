"""Records of `errors` to an index where people look for them."""
