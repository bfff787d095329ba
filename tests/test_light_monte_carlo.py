"""The closed form of layered light beside a plain Monte Carlo of photons, on skins of this package."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recutis.injury.scattering import ridged
from recutis.jit import kernel
from recutis.light import two_stream
from recutis.skin import build, layer_optics

INDEX = 1.4
PHOTONS = 20000


@kernel
def fresnel(cosine: float, n: float) -> float:
    """Unpolarised reflection inside tissue of index n at air."""
    sine2 = (1 - cosine * cosine) * n * n
    if sine2 >= 1.0:
        return 1.0
    out = math.sqrt(1 - sine2)
    a = (n * cosine - out) / (n * cosine + out)
    b = (n * out - cosine) / (n * out + cosine)
    return 0.5 * (a * a + b * b)


@kernel
def photons(bottoms: np.ndarray, mua: np.ndarray, mus: np.ndarray, g: np.ndarray, n: float, count: int, seed: int) -> tuple:
    """Absorbed share of each layer and diffuse reflectance of a wide beam; one photon after the other."""
    np.random.seed(seed)  # noqa: NPY002  (the compiled generator)
    absorbed = np.zeros(mua.size)
    reflected = 0.0
    for _ in range(count):
        weight, z, u, layer = 1.0, 0.0, 1.0, 0
        free = -math.log(1.0 - np.random.random())  # noqa: NPY002
        while weight > 0.0:
            total = mua[layer] + mus[layer]
            face = bottoms[layer + 1] if u > 0 else bottoms[layer]
            reach = (face - z) / u
            if free > reach * total:
                free -= reach * total
                z = face
                if u > 0:
                    layer += 1
                    if layer == mua.size:
                        break
                elif layer > 0:
                    layer -= 1
                elif np.random.random() < fresnel(-u, n):  # noqa: NPY002
                    u = -u
                else:
                    reflected += weight
                    break
                continue
            z += u * free / total
            part = weight * mua[layer] / total
            absorbed[layer] += part
            weight -= part
            x = (1 - g[layer] ** 2) / (1 - g[layer] + 2 * g[layer] * np.random.random())  # noqa: NPY002
            turn = (1 + g[layer] ** 2 - x * x) / (2 * g[layer])
            side = math.cos(2 * math.pi * np.random.random())  # noqa: NPY002
            u = u * turn + math.sqrt(max(0.0, 1 - u * u)) * math.sqrt(max(0.0, 1 - turn * turn)) * side
            u = u if u != 0.0 else 1e-9
            free = -math.log(1.0 - np.random.random())  # noqa: NPY002
            if weight < 1e-3:
                weight = 10 * weight if np.random.random() < 0.1 else 0.0  # noqa: NPY002
    return absorbed / count, reflected / count


@pytest.mark.parametrize(("phototype", "nm"), [("II", 595.0), ("I", 694.0), ("II", 1064.0), ("III", 1550.0)])
def test_fluence_of_layers_within_fifteen_per_cent(phototype: str, nm: float) -> None:
    """Fluence in each layer of skin agrees with photons within 15 per cent, reflectance within 0.02."""
    optics = layer_optics(ridged(build(site="cheek", age_years=40.0, phototype=phototype, sex="female")), nm)
    thick, mua, musp, g = (
        np.array([scale * getattr(x, name) for x in optics])
        for name, scale in (("thickness_um", 1e-6), ("mua_cm", 1e2), ("musp_cm", 1e2), ("g", 1.0))
    )
    enter = 1 - two_stream.specular_reflection(INDEX)
    absorbed, reflected = photons(np.concatenate(([0.0], np.cumsum(thick))), mua, musp / (1 - g), g, INDEX, PHOTONS, 7)
    light = two_stream.propagate(thick, mua, musp, g, n_surface=INDEX)
    upper = slice(0, 5)  # the subcutis sees too few photons here

    assert light.absorbed[upper] == pytest.approx(enter * absorbed[upper], rel=0.15)
    assert light.reflected == pytest.approx(1 - enter + enter * reflected, abs=0.02)
