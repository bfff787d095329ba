"""Calibration of the response against published studies, and what it is worth on a study that was left out."""
