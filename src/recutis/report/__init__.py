"""A plan as things to read: figures, a PDF for clinician and patient, a calendar."""

from __future__ import annotations

from recutis.report.prediction import draw_prediction
from recutis.report.rows import interval_text, natural_frequency, number, quantity_text
from recutis.report.write import write_report

__all__ = ["draw_prediction", "interval_text", "natural_frequency", "number", "quantity_text", "write_report"]
