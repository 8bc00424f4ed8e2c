"""Benchmarks: what a figure is worth is only known beside what the same machine could do in the same run."""
