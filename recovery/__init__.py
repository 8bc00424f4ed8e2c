"""Sending again what the pipeline kept: refused records after a mend (redrive), and the archive of a time (replay)."""
