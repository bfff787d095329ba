"""The append-only record of every view and change."""
