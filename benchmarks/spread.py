"""How far the planner's table of the spread of light is from photons in the layers: `python benchmarks/spread.py`.

Largest difference on the axis of the upper millimetre, over skins and wavelengths of a band, for spots and microbeams. About
two minutes on two processors; `docs/light.md` quotes it.
"""

from __future__ import annotations

import itertools
import sys

from recutis.injury.scattering import ridged
from recutis.injury.skin_light import table_gap_pct
from recutis.light import Beam
from recutis.skin import build

SKINS = [("cheek", "II"), ("cheek", "V"), ("neck", "III"), ("nose", "IV"), ("forehead", "II")]
BANDS = {"532 to 755 nm": (532.0, 595.0, 755.0), "1064 to 1726 nm": (1064.0, 1320.0, 1550.0, 1726.0), "1927 nm": (1927.0,)}
SPOTS_UM = (1000.0, 3000.0, 7000.0, 12000.0)
MICROBEAMS_UM = (100.0, 130.0, 300.0)


def worst(nms: tuple[float, ...], shape: str, size_um: float, *, microbeam: bool) -> float:
    """Largest difference over skins and wavelengths [%]."""
    found = []
    for (site, phototype), nm in itertools.product(SKINS, nms):
        skin = build(site=site, age_years=50.0, phototype=phototype, sex="female")
        beam = Beam(shape=shape, size_um=size_um)  # type: ignore[arg-type]
        found.append(table_gap_pct(skin if microbeam else ridged(skin), nm, beam, microbeam=microbeam))
    return max(found)


def main() -> None:
    """Print a table for each band."""
    for band, nms in BANDS.items():
        for shape in ("flat_top", "gaussian"):
            told = ", ".join(f"{size / 1000:g} mm {worst(nms, shape, size, microbeam=False):.0f} %" for size in SPOTS_UM)
            print(f"{band}, {shape} spots: {told}", flush=True)
        told = ", ".join(f"{size:g} µm {worst(nms, 'gaussian', size, microbeam=True):.0f} %" for size in MICROBEAMS_UM)
        print(f"{band}, gaussian microbeams: {told}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
