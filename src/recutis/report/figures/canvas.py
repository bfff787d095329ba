"""One look for all figures: typeface, palette, saving as SVG (for the PDF) and PNG (for the folder)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#1b2a34"
MUTED: Final = "#5c6c77"
LINE: Final = "#cfd8dd"
TEAL: Final = "#0f6b75"
TINT: Final = "#b9dadd"
AMBER: Final = "#c7822b"
RUST: Final = "#b4472e"
MM: Final = 1 / 25.4  # inches in a millimetre
DPI: Final = 160
_PACKED: Final = 3  # of 9: a twentieth larger than at 6, and quicker

_LOOK: Final = {
    "font.family": "Inter",
    "font.size": 7.5,
    "text.color": INK,
    "text.parse_math": False,
    "text.hinting": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8,
    "axes.titleweight": "medium",
    "axes.titlelocation": "left",
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "recutis",
    "axes.unicode_minus": False,
}


@cache
def _fonts_added() -> bool:
    from matplotlib import font_manager

    with as_file(files("recutis.report") / "fonts") as folder:
        for font in sorted(folder.glob("*.otf")):
            font_manager.fontManager.addfont(font)
    return True


@contextmanager
def look() -> Iterator[None]:
    """The house look while drawing and saving; matplotlib's own settings come back afterwards."""
    import matplotlib as mpl

    _fonts_added()
    with mpl.rc_context(_LOOK):  # type: ignore[arg-type]
        yield


def blank(width_mm: float, height_mm: float) -> Figure:
    """An empty figure of this size, never registered with pyplot."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_mm * MM, height_mm * MM), layout="constrained")


def framed(
    width_mm: float,
    height_mm: float,
    *,
    left_mm: float,
    right_mm: float = 2,
    top_mm: float = 3,
    bottom_mm: float = 9,
    apart: float = 0.2,
) -> Figure:
    """An empty figure with margins of its own, which saves working out a layout; `apart` is the room between axes in widths."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_mm * MM, height_mm * MM))
    figure.subplots_adjust(
        left=left_mm / width_mm,
        right=1 - right_mm / width_mm,
        top=1 - top_mm / height_mm,
        bottom=bottom_mm / height_mm,
        wspace=apart,
    )
    return figure


def save(figure: Figure, name: str, *, pictures: Path, vectors: Path) -> None:
    """Write `name.png` into `pictures` and `name.svg` into `vectors`, without time stamps; letters stay letters in the SVG.

    Each canvas draws once: `Figure.savefig` would lay out and draw everything a second time before each format.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    save_picture(figure, name, pictures)
    figure.patch.set_visible(False)
    FigureCanvasSVG(figure).print_svg(vectors / f"{name}.svg", metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]


def save_picture(figure: Figure, name: str, pictures: Path) -> None:
    """Write `name.png` into `pictures`, without a time stamp."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    _settle(figure)
    figure.patch.set_facecolor("white")
    canvas.print_png(pictures / f"{name}.png", metadata={"Software": None}, pil_kwargs={"compress_level": _PACKED})  # type: ignore[no-untyped-call]


def _settle(figure: Figure) -> None:
    """Work out the layout once, for both formats."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")


def note(axes: Axes, x: float, y: float, text: str, **style: Any) -> None:
    """A small muted text on the axes; what is given overrides the look."""
    look: dict[str, Any] = {"fontsize": 6.5, "color": MUTED} | style
    axes.text(x, y, text, **look)
