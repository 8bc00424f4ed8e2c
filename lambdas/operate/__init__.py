"""Flink applications started and stopped with their deployment."""
