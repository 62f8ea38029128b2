"""A hotline of named agents, predicted from its records: who was on duty, what they and the callers do."""
