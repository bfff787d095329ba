"""Whole blood in a dish: the exposure that coagulates it down to a depth, with conduction and the absorption of hot blood."""

from __future__ import annotations

import math

import numpy as np

from recutis import evidence
from recutis.errors import OutOfRangeError
from recutis.heat import damage
from recutis.heat.column import stretched_edges
from recutis.heat.resolution import fineness
from recutis.injury import _cylinder_kernel as kernels
from recutis.skin import HotBlood
from recutis.units import J_M2_PER_J_CM2, KELVIN_OFFSET, M_PER_UM, PER_M_PER_CM, S_PER_MS

_CELL_M, _FINE_M, _STRETCH, _END_M = 2e-6, 1.2e-4, 1.15, 1.5e-3  # half the cells move thresholds by under 2 %
_STEPS = 60  # of a pulse; twice as many move thresholds by under 1 %
_HALVINGS = 14  # of a factor of a hundred: to three parts in ten thousand


def coagulation_J_cm2(*, cold_cm: float, hot: HotBlood, duration_ms: float, start_C: float, depth_um: float) -> float:
    """Least exposure that coagulates blood down to `depth_um`; `cold_cm` is its absorption [1/cm], changed by `hot`.

    Raises OutOfRangeError for an absorption, a pulse length or a depth that is not above 0.
    """
    for name, value in (("cold_cm", cold_cm), ("duration_ms", duration_ms), ("depth_um", depth_um)):
        if not (value > 0.0 and math.isfinite(value)):
            msg = f"A layer of blood needs {name} above 0; got {value:g}. Give the row's own value."
            raise OutOfRangeError(msg)
    usual = 300.0 / cold_cm * math.exp(min(cold_cm * depth_um * 1e-4, 5.0))
    low, high = math.log(usual / 30.0), math.log(usual * 100.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if _dose(math.exp(middle), cold_cm, hot, duration_ms, start_C, depth_um) >= 1.0:
            high = middle
        else:
            low = middle
    return math.exp(high)


def _dose(exposure: float, cold_cm: float, hot: HotBlood, duration_ms: float, start_C: float, depth_um: float) -> float:
    edges = stretched_edges(
        fine_m=_CELL_M / fineness(), fine_to_m=_FINE_M, stretch=1.0 + (_STRETCH - 1.0) / fineness(), end_m=_END_M
    )
    thick = np.diff(edges)
    capacity = thick * evidence.value("rho_blood") * evidence.value("cp_blood")
    middle = np.concatenate(((edges[:-1] + edges[1:]) / 2, [edges[-1] + thick[-1]]))
    link = evidence.value("k_blood") / np.diff(middle)
    process = damage.blood()
    on = duration_ms * S_PER_MS
    cell = int(np.searchsorted(edges, depth_um * M_PER_UM, side="right")) - 1
    return float(
        kernels.expose_layer(
            np.zeros(thick.size), capacity, link, thick, min(cell, thick.size - 1), on, exposure * J_M2_PER_J_CM2 / on,
            on / (_STEPS * fineness()),
            start_C + KELVIN_OFFSET, cold_cm * PER_M_PER_CM, cold_cm * hot.factor * PER_M_PER_CM,
            hot.onset_C + KELVIN_OFFSET, evidence.value("phys_blood_hot") + KELVIN_OFFSET,
            evidence.value("phys_blood_vaporisation") - start_C,
            np.array([math.log(process.frequency_s), process.energy_J_mol / damage.GAS_CONSTANT_J_MOL_K]),
        )
    )  # fmt: skip
