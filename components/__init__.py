"""The constructs the stacks wire. Each takes what it needs, and exposes what the next step needs."""
