"""Films: cut plans add up, a film ends where the uncut run ends, pictures are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recutis.errors import OutOfRangeError
from recutis.heat import column as heat
from recutis.heat import damage
from recutis.injury import film, film_drawing, scattering
from recutis.injury.schedule import segments
from recutis.laser.types import Cooling
from recutis.light.lines import water_line
from recutis.skin import build

SKIN = build(site="cheek", age_years=40.0, phototype="II", sex="female")


def plan_of(duration_ms: float, stack: int = 1, cooling: Cooling | None = None) -> tuple[heat.Segment, ...]:
    """Segments of an exposure of 5 J/cm²."""
    return segments(
        fluence_J_cm2=5.0, duration_ms=duration_ms, stack=stack, repetition_Hz=20.0, cooling=cooling or Cooling()
    )  # fmt: skip


@given(duration=st.floats(1e-3, 50.0), stack=st.integers(1, 3), before=st.floats(0.0, 80.0))
@settings(deadline=None, max_examples=60)
def test_a_cut_plan_brings_the_same_light_in_the_same_time(duration: float, stack: int, before: float) -> None:
    """Up to the last moment the parts hold the plan's time and light, in its order; the first moment comes after the precooling."""
    cold = Cooling(kind="cryogen", before_ms=before, heat_transfer_W_m2_K=5000.0, medium_C=-30.0) if before else Cooling()
    plan = plan_of(duration, stack, cold)
    moments = film.moments_ms(duration) / 1e3

    parts = film.cut(plan, moments)

    ends = np.cumsum([sum(x.seconds for x in part) for part in parts]) - before / 1e3
    assert ends == pytest.approx(moments[: len(parts)], rel=1e-9, abs=1e-15)
    light = sum(x.seconds * x.irradiance_W_m2 for part in parts for x in part)
    clock, expected = -before / 1e3, 0.0
    for segment in plan:
        expected += segment.irradiance_W_m2 * min(max(ends[-1] - clock, 0.0), segment.seconds)
        clock += segment.seconds
    assert light == pytest.approx(expected, rel=1e-9)


def test_moments_grow_and_refuse_no_light() -> None:
    """Moments ascend from within the light to long after it; light of no length is refused in one sentence."""
    for duration in (1e-5, 0.3, 20.0, 5000.0):
        found = film.moments_ms(duration)
        assert (np.diff(found) > 0).all()
        assert found[0] < duration < found[-1]
        assert found.size == film.FRAMES
    with pytest.raises(OutOfRangeError, match=r"light that lasts longer than 0 ms; got 0 ms\."):
        film.moments_ms(0.0)


def test_a_film_ends_as_the_uncut_run_does() -> None:
    """Cutting a run into moments changes depths and damage by no more than its time steps do."""
    line = water_line(2940.0)
    law = heat.law_of(line, 33.0, first=damage.cell_death(), second=damage.collagen())
    slab = heat.Slab(thickness_um=(1e4,), water_fraction=(0.7,), start_C=33.0)
    fresh = heat.new_column(slab, heat.stretched_edges(fine_m=4e-7, fine_to_m=8e-5, stretch=1.05, end_m=2e-3))
    plan = plan_of(0.3)

    made = film.film_of_column(fresh, law, plan, light_ms=0.3, spot_um=3000.0, deepest_um=150.0)
    whole = heat.run(fresh, law, plan)

    assert made.crater_um[-1, 0] == pytest.approx(whole.column.depth_m * 1e6, rel=0.03)
    dead = made.depth_um[np.nan_to_num(made.damage[-1, :, 0], nan=9.0) >= 1.0].max()
    assert dead == pytest.approx(heat.dead_to_um(whole.column, whole.column.death), abs=2.0)
    assert (np.diff(made.crater_um[:, 0]) >= 0).all()
    assert np.isnan(made.temperature_C[-1, made.depth_um < made.crater_um[-1, 0] - 1.0, 0]).all()


def test_pictures_of_a_film_are_written(tmp_path: Path) -> None:
    """A row of moments, and an animation of all frames."""
    from PIL import Image

    skin = scattering.ridged(SKIN)
    field = scattering.light_field(skin, 595.0, (595.0, 595.0), 7000.0, gaussian=False)
    column, law = scattering.matter(skin)
    made = film.film_of_column(column, law, plan_of(1.5), light_ms=1.5, spot_um=7000.0, deepest_um=600.0, source_m=field.source_m)

    figure = film_drawing.steps(made, skin, "595 nm")
    film_drawing.animate(made, skin, "595 nm", tmp_path / "film.gif")

    assert len(figure.axes) == 7  # six moments and the scale
    with Image.open(tmp_path / "film.gif") as picture:
        assert picture.n_frames == film.FRAMES
    labelled = made.dataset()
    assert labelled["film_temperature"].attrs["units"] == "degC"
    assert float(labelled["film_temperature"].max()) > 40.0
