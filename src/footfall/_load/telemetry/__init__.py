"""Export of a run's requests and visits by OpenTelemetry, from a process of its own."""
