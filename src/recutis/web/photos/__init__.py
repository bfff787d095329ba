"""Photographs with their checks and consent."""
