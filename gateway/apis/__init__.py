"""The APIs that clients may speak, a file each."""
