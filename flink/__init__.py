"""The applications of Managed Service for Apache Flink, and how they are built."""
