"""One thin stack a pipeline step: it wires components and says what the next step may use."""
