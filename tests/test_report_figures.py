"""Figures: one scale in both directions, nothing drawn over something else, everything of interest inside."""

from __future__ import annotations

from itertools import combinations

import pytest
from sample_plan import injury

from recutis.plan.document import InjuryDocument
from recutis.report.figures.canvas import look
from recutis.report.figures.risks import LASTING, risk_order
from recutis.report.figures.section import depth_shown_um, section_figure
from recutis.report.words import RISK_WORDS
from recutis.report.write import breakable

CASES = [
    injury("cheek"),
    injury("cheek", depth=900),
    injury("cheek", fractional=False),
    injury("nose", target="vessel"),
    injury("cheek", target="pigment"),
]


@pytest.mark.parametrize("drawn", CASES, ids=lambda item: f"{item.target}-{item.ablation_depth_um:g}")
def test_the_drawing_holds_lesion_and_target_and_no_more_than_the_skin(drawn: InjuryDocument) -> None:
    """The depth shown reaches past the injury and the target, but never below the skin that is given."""
    depth = depth_shown_um(drawn)

    assert depth > max(drawn.lesion_depth_um, drawn.target_bottom_um)
    assert depth <= sum(layer.thickness_um for layer in drawn.layers)


@pytest.mark.parametrize("drawn", CASES, ids=lambda item: f"{item.target}-{item.ablation_depth_um:g}")
def test_the_drawing_has_one_scale(drawn: InjuryDocument) -> None:
    """A micrometre is as long across as it is deep, and the surface is on top."""
    with look():
        axes = section_figure(drawn).axes[0]

    assert axes.get_aspect() == 1.0
    bottom, top = axes.get_ylim()
    assert bottom > top


def test_vessels_lie_apart_and_open_ones_are_hollow() -> None:
    """No circle overlaps another; fill says closed or open as the ratio does."""
    from matplotlib.patches import Circle

    drawn = injury("nose", target="vessel")
    with look():
        axes = section_figure(drawn).axes[0]
    circles = [patch for patch in axes.patches if isinstance(patch, Circle)]
    closed = {diameter: ratio >= 1 for diameter, _, ratio in drawn.vessel_closure}

    assert len(circles) >= 3
    for one, other in combinations(circles, 2):
        apart = ((one.center[0] - other.center[0]) ** 2 + (one.center[1] - other.center[1]) ** 2) ** 0.5
        assert apart >= one.radius + other.radius
    for circle in circles:
        white = circle.get_facecolor()[:3] == (1.0, 1.0, 1.0)
        assert white != closed[2 * circle.radius]


def test_columns_stand_one_pitch_apart_and_inside() -> None:
    """The drawn columns keep the pitch of the plan."""
    from matplotlib.patches import Polygon

    drawn = injury("cheek")
    with look():
        axes = section_figure(drawn).axes[0]
    spans = [patch.get_xy()[:, 0] for patch in axes.patches if isinstance(patch, Polygon)]
    middles = sorted({round(float(x.min() + x.max()) / 2, 3) for x in spans})

    assert len(middles) >= 2
    assert drawn.column_pitch_um is not None
    assert middles[1] - middles[0] == pytest.approx(drawn.column_pitch_um, rel=1e-6)
    assert min(float(x.min()) for x in spans) >= 0


def test_every_harm_is_shown_once_and_pigment_changes_apart() -> None:
    """Dark marks come first, pale skin second with what may be lasting; none is lost."""
    names = risk_order()

    assert sorted(names) == sorted(RISK_WORDS)
    assert names[0] == "pih"
    assert names[1 : 1 + len(LASTING)] == LASTING


def test_only_very_long_words_get_places_to_break() -> None:
    """Ordinary text stays as it is; a long word keeps its letters."""
    long = "w" * 70
    made = breakable({"text": ["plain words stay", long], "number": 3})

    assert isinstance(made, dict)
    assert made["text"][0] == "plain words stay"
    assert made["number"] == 3
    assert made["text"][1].replace("\u200b", "") == long
    assert max(len(piece) for piece in made["text"][1].split("\u200b")) <= 13
