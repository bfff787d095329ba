"""Beams that enter layered tissue: their shape on the surface and their direction."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from recutis.errors import InputError, OutOfRangeError
from recutis.light import checks
from recutis.units import UM_PER_MM

Shape = Literal["pencil", "flat_top", "gaussian", "ring", "rectangle"]
_STEEPEST_DEG: Final = 90.0
_SIZED: Final = {"flat_top": 1, "gaussian": 1, "ring": 2, "rectangle": 2}
_MOST_BEAMS: Final = 1_000_000
_NUMBERS: Final = {
    "size_um": "a finite size of at least 0 µm",
    "second_um": "a finite size of at least 0 µm",
    "angle_deg": "an angle from 0 to below 90 degrees",
    "pitch_um": "a finite distance above 0 µm",
}
_COUNTS: Final = {"columns": "a whole number of at least 1", "rows": "a whole number of at least 1"}
_NUMBER: Final = r"(\d+(?:\.\d+)?)"
_WRITTEN: Final = re.compile(
    rf"(?P<shape>pencil|flat[- _]?top|top[- _]?hat|gaussian|ring|rectangle|diffuse)"
    rf"(?:\s+{_NUMBER}(?:\s*(?:x|to|-)\s*{_NUMBER})?\s*(?P<unit>mm|um|µm))?(?:\s+at\s+{_NUMBER}\s*(?:deg|°))?"
)


@dataclass(frozen=True, kw_only=True)
class Beam:
    """Light that reaches the surface, of energy one; make it with `pencil`, `flat_top`, `gaussian`, `ring` or `rectangle`.

    `size_um` is the 1/e² diameter of a gaussian, the diameter of a flat top, the outer diameter of a ring, the width
    of a rectangle; `second_um` the inner diameter of a ring or the height of a rectangle. Sizes are those of the
    footprint on the surface. `angle_deg` is the angle to the normal in the medium above; `diffuse` light comes from
    all directions of the half space with equal radiance instead. An array of microbeams repeats the shape at `columns`
    x `rows` places `pitch_um` apart around the centre (`array`); energy one is that of all its beams together.

    Raises InputError for what is no number and for sizes that the shape does not use, OutOfRangeError for sizes or angles
    that make no beam.
    """

    shape: Shape
    size_um: float = 0.0
    second_um: float = 0.0
    angle_deg: float = 0.0
    diffuse: bool = False
    columns: int = 1
    rows: int = 1
    pitch_um: float = 0.0

    def __post_init__(self) -> None:
        if not (isinstance(self.shape, str) and self.shape in get_args(Shape)):
            named = f"'{self.shape}'" if isinstance(self.shape, str) else checks.shown(self.shape)
            msg = f"A beam cannot have the shape {named}; choose one of {', '.join(get_args(Shape))}."
            raise InputError(msg)
        called = f"A {self.shape} beam"
        checks.floats(self, called, _NUMBERS)
        checks.wholes(self, called, _COUNTS)
        object.__setattr__(self, "diffuse", checks.truth("diffuse", self.diffuse))
        if not 0.0 <= self.angle_deg < _STEEPEST_DEG:
            msg = f"A beam at {self.angle_deg:g} degrees does not reach the surface; give an angle from 0 to below 90 degrees."
            raise OutOfRangeError(msg)
        if self.diffuse and self.angle_deg:
            msg = f"Diffuse light has no angle, but angle_deg is {self.angle_deg:g}; leave it at 0 or make the beam not diffuse."
            raise InputError(msg)
        self._check_sizes()
        self._check_array()

    def _check_sizes(self) -> None:
        """Sizes are finite, there where the shape needs them, and nowhere else."""
        first, second = self.size_um, self.second_um
        if not all(math.isfinite(size) and size >= 0.0 for size in (first, second)):
            msg = f"The sizes of a {self.shape} beam are {first:g} and {second:g} µm; give finite sizes of at least 0."
            raise OutOfRangeError(msg)
        needed = _SIZED.get(self.shape, 0)
        for place, name in enumerate(("size_um", "second_um")):
            if place >= needed and getattr(self, name) > 0.0:
                has = ("no size", "one size")[needed]
                msg = (
                    f"A {self.shape} beam has {has}, but {name} is {getattr(self, name):g} µm; leave it out, "
                    "or choose the shape that it belongs to."
                )
                raise InputError(msg)
        if needed and first <= 0.0:
            msg = f"The size of a {self.shape} beam is {first:g} µm; give more than 0, or choose the pencil beam."
            raise OutOfRangeError(msg)
        if self.shape == "ring" and second > first:
            msg = f"A ring has an inner diameter of {second:g} µm but an outer one of {first:g} µm; exchange them."
            raise OutOfRangeError(msg)
        if self.shape == "rectangle" and second <= 0.0:
            msg = f"The height of a rectangle is {second:g} µm; give more than 0."
            raise OutOfRangeError(msg)

    def _check_array(self) -> None:
        """An array has beams, and a pitch where they are more than one."""
        count = self.columns * self.rows
        if self.columns < 1 or self.rows < 1 or count > _MOST_BEAMS:
            both = f"{checks.shown(self.columns)} x {checks.shown(self.rows)}"
            if self.columns < 1 or self.rows < 1:
                msg = f"An array of {both} beams has no beam; give at least 1 column and 1 row."
            else:
                msg = f"An array of {both} beams is too large; give at most {_MOST_BEAMS} beams in all."
            raise OutOfRangeError(msg)
        if not (math.isfinite(self.pitch_um) and (self.pitch_um > 0.0 or (self.pitch_um == 0.0 and count == 1))):
            msg = f"The pitch of an array of beams is {self.pitch_um:g} µm; give a finite distance above 0."
            raise OutOfRangeError(msg)

    @property
    def reach_um(self) -> float:
        """Largest distance from the centre that carries light [µm]; a gaussian counts to its 1/e² diameter."""
        own = self.size_um if self.shape == "gaussian" else self.size_um / 2
        if self.shape == "rectangle":
            own = math.hypot(self.size_um, self.second_um) / 2
        return own + math.hypot(self.columns - 1, self.rows - 1) / 2 * self.pitch_um


def check_beam(beam: object) -> Beam:
    """A beam. Raises InputError for anything else."""
    return checks.kind("beam", beam, Beam, "make one with pencil(), flat_top(), gaussian(), ring(), rectangle() or array()")


def pencil(*, angle_deg: float = 0.0, diffuse: bool = False) -> Beam:
    """An infinitely thin beam."""
    return Beam(shape="pencil", angle_deg=angle_deg, diffuse=diffuse)


def flat_top(*, diameter_um: float, angle_deg: float = 0.0, diffuse: bool = False) -> Beam:
    """A round spot of even fluence."""
    return Beam(shape="flat_top", size_um=diameter_um, angle_deg=angle_deg, diffuse=diffuse)


def gaussian(*, diameter_um: float, angle_deg: float = 0.0, diffuse: bool = False) -> Beam:
    """A gaussian spot of this 1/e² diameter."""
    return Beam(shape="gaussian", size_um=diameter_um, angle_deg=angle_deg, diffuse=diffuse)


def ring(*, inner_um: float, outer_um: float, angle_deg: float = 0.0, diffuse: bool = False) -> Beam:
    """An even ring between two diameters."""
    return Beam(shape="ring", size_um=outer_um, second_um=inner_um, angle_deg=angle_deg, diffuse=diffuse)


def rectangle(*, width_um: float, height_um: float, angle_deg: float = 0.0, diffuse: bool = False) -> Beam:
    """An even rectangle, width along x, the direction in which a tilted beam leans."""
    return Beam(shape="rectangle", size_um=width_um, second_um=height_um, angle_deg=angle_deg, diffuse=diffuse)


def array(beam: Beam, *, columns: int, rows: int, pitch_um: float) -> Beam:
    """The same beam at the points of a square lattice around the centre: the microbeams of a fractional laser.

    Raises InputError when the beam is none or an array already, OutOfRangeError for numbers or a pitch that make no array.
    """
    if check_beam(beam).columns * beam.rows > 1:
        msg = f"The beam is already an array of {beam.columns} x {beam.rows} beams; give one of its beams."
        raise InputError(msg)
    return replace(beam, columns=columns, rows=rows, pitch_um=pitch_um)


def parse(text: str) -> Beam:
    """A beam from a table's words: 'pencil', 'diffuse', 'gaussian 2 mm', 'ring 1 to 3 mm', 'rectangle 2 x 3 mm', 'pencil at 30 deg'.

    Raises InputError when the words name no beam.
    """
    match = _WRITTEN.fullmatch(checks.text("A beam in words", text).strip().lower())
    if match is None:
        msg = f"'{text}' is not a beam; write for example 'pencil', 'diffuse', 'gaussian 2 mm' or 'pencil at 30 deg'."
        raise InputError(msg)
    shape, first, second, unit, angle = match["shape"], match[2], match[3], match["unit"], match[5]
    scale = UM_PER_MM if unit == "mm" else 1.0
    sizes = [float(size) * scale for size in (first, second) if size]
    angle_deg = float(angle or 0.0)
    if shape in {"pencil", "diffuse"} and not sizes:
        return pencil(angle_deg=angle_deg, diffuse=shape == "diffuse")
    name: Shape | None = {"gaussian": "gaussian", "ring": "ring", "rectangle": "rectangle"}.get(shape)  # type: ignore[assignment]
    name = name or "flat_top"
    if shape in {"pencil", "diffuse"} or len(sizes) != _SIZED[name]:
        msg = f"'{text}' does not have the sizes that its shape needs; write 'pencil', 'gaussian 2 mm' or 'rectangle 2 x 3 mm'."
        raise InputError(msg)
    size, other = (sizes[0], 0.0) if len(sizes) == 1 else (sizes[1], sizes[0]) if name == "ring" else (sizes[0], sizes[1])
    return Beam(shape=name, size_um=size, second_um=other, angle_deg=angle_deg)
