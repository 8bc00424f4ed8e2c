"""Events made to measure: what of them is kept, hidden, named otherwise, and how many of them.

A step is a small object whose `apply(document)` changes a finished event in place. It is made once a container, for one log type.
"""
