"""Weir's command line."""
