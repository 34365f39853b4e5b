"""Which pooled keys slow down together, and which share a quota: measured, with a bounded spend."""
