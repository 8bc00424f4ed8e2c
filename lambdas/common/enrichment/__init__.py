"""What others know of an event's values: where an address is, what a user agent is, whose account it was.

An enricher holds what it knows in memory, reads it again once an interval, and changes a finished event in place. What a record
says itself is never overwritten.
"""
