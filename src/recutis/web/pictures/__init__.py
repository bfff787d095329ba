"""What the browser shows of a plan: drawings made on the server, each with its table, and charts as data for plotly.js."""

from recutis.web.pictures.calendar import symptom_calendar
from recutis.web.pictures.compare import ComparedRow, compare_options, comparison_table
from recutis.web.pictures.curves import curves_figure, curves_key, peaks_figure, peaks_key, peaks_table
from recutis.web.pictures.expected import day_expected, expected_levels
from recutis.web.pictures.field import field_figure, field_key, field_table, moment_figure
from recutis.web.pictures.front import ChartLimits, Choice, front_choices, front_figure, front_key, front_table
from recutis.web.pictures.gains import improvement_by_session
from recutis.web.pictures.markup import Markup
from recutis.web.pictures.odds import quartile_odds
from recutis.web.pictures.picture import Picture, Table
from recutis.web.pictures.risks import risk_bars
from recutis.web.pictures.section import injury_section, skin_section, skin_sections

__all__ = [
    "ChartLimits", "Choice", "ComparedRow", "Markup", "Picture", "Table", "compare_options", "comparison_table",
    "curves_figure", "curves_key", "day_expected", "expected_levels", "field_figure", "field_key", "field_table",
    "front_choices", "front_figure", "front_key", "front_table", "improvement_by_session", "injury_section", "moment_figure",
    "peaks_figure", "peaks_key", "peaks_table", "quartile_odds", "risk_bars", "skin_section", "skin_sections",
    "symptom_calendar",
]  # fmt: skip
