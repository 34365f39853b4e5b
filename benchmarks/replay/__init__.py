"""Recorded traffic run again, by the real race and the real pool, in virtual time."""
