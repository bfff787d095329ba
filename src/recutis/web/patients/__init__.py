"""Patients and their consultation."""
