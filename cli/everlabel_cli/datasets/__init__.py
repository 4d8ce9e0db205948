"""Dataset versions: made of completed tasks, never changed, exported to what training software reads."""
