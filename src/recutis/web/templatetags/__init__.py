"""Words and icons for templates."""
