"""Delivers the records of the deployed delivery streams to S3 and OpenSearch as Firehose does.

Behaviour follows the Firehose developer guide: "Understand data delivery", "Transform source data", "Understand custom prefixes
for Amazon S3 objects", "Handle data delivery failures".

Delivery is at least once, as Firehose's is: after a crash between writing an object and saving the checkpoint, S3 holds those
records twice. Documents keep their id and are written over themselves.

Not done here, and refused with a message when a delivery stream asks for it: other sources and destinations (HTTP endpoint,
Splunk, Redshift, Iceberg, Snowflake), and conversion to ORC.
"""
