"""The environments of the pipeline: their typed model, and how a file becomes one or is refused."""
