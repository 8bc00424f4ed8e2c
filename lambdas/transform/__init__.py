"""Direct-put records to documents, inside Firehose."""
