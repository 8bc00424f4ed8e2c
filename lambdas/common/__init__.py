"""The layer every function shares: recognition, parsing, ids, streams and errors."""
