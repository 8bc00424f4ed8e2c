"""Programs that put records on `raw`."""
