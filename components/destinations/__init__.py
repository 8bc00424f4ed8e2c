"""Firehose delivery: one construct, `DeliveryStream`, and a typed destination for each place it can deliver to."""
