"""Services that are not ours and whose capacity is known: sleeps set it, so a busy machine does not."""
