"""Content of the search domain as code."""
