"""Rows of pain: mean on a scale of ten during the session (or after it) under the row's anaesthesia."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from recutis.response import Care
from recutis.scorecard import clinical_sample as sample
from recutis.scorecard.clinical_sample import Told
from recutis.scorecard.clinical_study import Arm, Lab, NotComputedError, Order
from recutis.scorecard.clinical_words import anaesthesia_of, number_in

_TEN: Final = 10.0
_UNSTATED: Final = {"ablative": "topical", "hybrid": "topical", "nonablative": "topical"}


def order_of(fields: Mapping[str, str]) -> Order:
    """What a row of pain says of its study."""
    return Order(device_word=fields["modality"], settings_text=fields["detail"], site_text=fields["site"], n_text=fields["n"])


def _scale(text: str, value: float | None) -> float:
    """Factor from 0 to 10 to the row's scale: 0 to N is read as linear; a bare VAS has 10 or, for larger values, 100 steps.

    Raises NotComputedError for other scales.
    """
    small = text.lower()
    found = re.search(r"\b[01]\s*(?:-|–|to)\s*(\d+)\b", small)
    if found:
        return 1.0 if re.search(r"/\s*10\b", small) else float(found.group(1)) / _TEN
    if not small or re.search(r"\b(vas|nrs|visual analog|numeric)", small):
        return _TEN if value is not None and value > _TEN else 1.0
    msg = f"the scale '{text}' is not one of 0-10, 0-100 or VAS"
    raise NotComputedError(msg)


def compute(lab: Lab, fields: Mapping[str, str]) -> tuple[Told, tuple[str, ...]]:
    """The mean (or median) pain of one row and what was assumed for it.

    Raises NotComputedError with the reason.
    """
    scale = fields["scale"].lower()
    if "relative" in scale or "qualitative" in scale:
        msg = "a comparison in words has no number to compute"
        raise NotComputedError(msg)
    factor = _scale(fields["scale"], number_in(fields["value"]))
    study = lab.study(order_of(fields))
    assumed = list(study.assumed)
    named = anaesthesia_of(fields["anaesthesia"])
    if named is None:
        group = study.arms[0].treatment.device_class.split("_")[0]
        named = _UNSTATED.get(group, "none")
        assumed.append(f"anaesthesia {named} assumed")
    care = Care(anaesthesia=named, antiviral=False, postop_steroid=False, bleaching=False)
    after = re.search(r"post-?op|first 24|after", fields["detail"].lower()) is not None

    def level(arm: Arm) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        response = lab.response(arm, care, study.area_cm2, by_day=after)
        return np.asarray(response.symptoms["pain"][1] if after else response.pain_0_10)

    population = study.population([level(arm) for arm in study.arms])
    found = sample.mean(population, study.n, "pain", seed=lab.seed, top=_TEN)
    return found.scaled(factor), tuple(assumed)
