"""From a model's data to the visits of a day: specs, pure decisions, stations, the SimPy day."""
