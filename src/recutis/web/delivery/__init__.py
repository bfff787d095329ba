"""Devices, consent, checklists and what was delivered."""
