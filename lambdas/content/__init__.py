"""Search content applied to the domain at deployment."""
