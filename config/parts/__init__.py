"""The sections of an environment, one idea a file; `config.model` puts them together."""
