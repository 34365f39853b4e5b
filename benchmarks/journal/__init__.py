"""How long a start takes behind a long journal."""
