"""skin."""
