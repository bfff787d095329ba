"""Kernel of `column_light.Remapped`: fresh light looked up at the optical depth that changed tissue leaves. SI units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recutis.jit import kernel

Array = NDArray[np.float64]


@kernel
def remap(
    mua: Array, mus: Array, extinction: Array, middle: Array, thick: Array, area: Array, log_fluence: Array, fluence: Array,
    aside: Array, path: Array,
) -> float:  # fmt: skip
    """Fill `path` with the volume integral of the fluence [m]; returns the share of the energy that is taken up.

    log_fluence, fluence : (z, r) of fresh skin · extinction : (z,) of fresh skin · aside : (r,) share of a ring's light that is
    there only because it was scattered
    """
    nz, nr = mua.shape
    depth = np.zeros(nr)
    at = np.zeros(nr, dtype=np.int64)
    taken = 0.0
    for i in range(nz):
        paths, rings, light, kept = 0.0, 0.0, 0.0, 0.0
        for j in range(nr):
            left = min((mua[i, j] + mus[i, j]) / extinction[i], 1.0)
            paths += left * area[j]
            rings += area[j]
            light += fluence[i, j] * area[j]
            kept += left * fluence[i, j] * area[j]
            step = paths / rings * thick[i]
            deep = depth[j] + 0.5 * step
            depth[j] += step
            while at[j] + 2 < nz and middle[at[j] + 1] < deep:
                at[j] += 1
            k = at[j]
            share = (deep - middle[k]) / (middle[k + 1] - middle[k])
            share = min(max(share, 0.0), 1.0)
            found = np.exp(log_fluence[k, j] + share * (log_fluence[k + 1, j] - log_fluence[k, j]))
            found *= 1.0 - aside[j] * (1.0 - kept / max(light, 1e-300))
            path[i, j] = found * area[j] * thick[i]
            taken += path[i, j] * mua[i, j]
    return taken
