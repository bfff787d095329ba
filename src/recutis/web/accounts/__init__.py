"""People, their clinic, their roles."""
