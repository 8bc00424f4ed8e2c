"""Reads the deployed Kinesis event source mappings and invokes their functions as Lambda does.

Behaviour follows the Lambda developer guide: "Using Lambda to process records from Amazon Kinesis Data Streams", "Process Amazon
Kinesis Data Streams records with Lambda" (batching, stream positions), "Configuring partial batch response with Kinesis Data
Streams and Lambda", "Retain discarded batch records for a Kinesis Data Streams event source in Lambda", and "Using event
filtering with a Kinesis event source".

Not done here, and refused with a message when a mapping asks for it: tumbling windows, enhanced fan-out.
"""
