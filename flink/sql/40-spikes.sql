-- Latency and errors of a service against what they were in the windows before.

