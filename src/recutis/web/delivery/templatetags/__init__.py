"""Template words of delivery."""
