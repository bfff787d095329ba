"""Hard limits of settings by site, device class and phototype. No row means refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

from recutis import evidence
from recutis.classes import DEVICE_CLASSES, matches_any
from recutis.errors import UnknownNameError
from recutis.sites import PHOTOTYPES, SITES, ceiling_site, phototypes_in

_ASK_PHYSICIAN = "only with physician override"  # the words of the notes column


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """The limit for one device class on one site of one phototype.

    With `allowed` False nothing may be done and `reason` says why. A maximum that is None is not
    limited by this table. `test_spot` says whether a test spot comes first.
    """

    site: str
    device_class: str
    phototype: str
    allowed: bool
    reason: str = ""
    max_energy_mJ: float | None = None
    max_density_pct: float | None = None
    max_fluence_J_cm2: float | None = None
    max_passes: int | None = None
    test_spot: bool = False
    needs_physician: bool = False
    rule_ids: tuple[str, ...] = ()
    notes: str = ""
    source: str = ""


def _known(name: str, known: Sequence[str], what: str) -> None:
    if name not in known:
        msg = f"There is no {what} '{name}'; known are {', '.join(known)}."
        raise UnknownNameError(msg)


def needs_test_spot(words: str, phototype: str) -> bool:
    """Whether the words of the column `test_spot` ('yes', 'no', 'yes in IV-VI') ask this phototype for one."""
    answer, _, which = words.partition(" in ")
    return answer.strip() == "yes" and (not which or phototype in phototypes_in(which))


def _strictest(found: Sequence[evidence.Row], column: str) -> float | None:
    numbers = [float(row.fields[column]) for row in found if row.fields[column]]
    return min(numbers) if numbers else None


@cache
def matching_rows(site: str, device_class: str, phototype: str) -> tuple[evidence.Row, ...]:
    """The rows of ceilings.csv that speak of this case, in table order."""
    word = ceiling_site(site)
    return tuple(
        row
        for row in evidence.rows("ceilings")
        if word in [name.strip() for name in row.fields["site"].split(",")]
        and matches_any(row.fields["device_class"], device_class)
        and phototype in phototypes_in(row.fields["phototypes"])
    )


def asking_physician(site: str, device_class: str, phototype: str) -> tuple[evidence.Row, ...]:
    """The rows for this case that hold only until a physician overrides them."""
    return tuple(row for row in matching_rows(site, device_class, phototype) if _ASK_PHYSICIAN in row.fields["notes"])


def ceiling(site: str, device_class: str, phototype: str, *, overridden: Collection[str] = ()) -> Ceiling:
    """The hard limit for a device class on a site of a phototype; where rows overlap the strictest value holds.

    `overridden` names rows that a physician has lifted (`Screening.overridden`); only rows that ask for a
    physician's override (CEI-002) can be lifted, a row that refuses cannot.

    Raises UnknownNameError for a site, class or phototype that does not exist.
    """
    _known(site, SITES, "site")
    _known(device_class, DEVICE_CLASSES, "device class")
    _known(phototype, PHOTOTYPES, "phototype")
    found = matching_rows(site, device_class, phototype)
    ids = tuple(row.id for row in found)
    notes = "; ".join(row.fields["notes"] for row in found if row.fields["notes"])
    asks = [row.id for row in asking_physician(site, device_class, phototype)]
    refused = [row for row in found if row.fields["allowed"] != "yes"]
    open_asks = [name for name in asks if name not in overridden]
    place = f"{device_class} on the {site.replace('_', ' ')} in phototype {phototype}"
    reason = ""
    if not found:
        reason = f"no ceiling is known for {place}, so it is refused"
    elif refused:
        why = "; ".join(row.fields["notes"] for row in refused if row.fields["notes"])
        reason = f"{place} is refused by {', '.join(row.id for row in refused)}" + (f": {why}" if why else "")
    elif open_asks:
        reason = f"{place} is offered only when a physician overrides {', '.join(open_asks)} with name and reason"
    passes = _strictest(found, "max_passes")
    return Ceiling(
        site=site,
        device_class=device_class,
        phototype=phototype,
        allowed=not reason,
        reason=reason,
        max_energy_mJ=_strictest(found, "max_energy_mJ"),
        max_density_pct=_strictest(found, "max_density_pct"),
        max_fluence_J_cm2=_strictest(found, "max_fluence_J_cm2"),
        max_passes=None if passes is None else int(passes),
        test_spot=any(needs_test_spot(row.fields["test_spot"], phototype) for row in found),
        needs_physician=bool(asks),
        rule_ids=ids,
        notes=notes,
        source="; ".join(dict.fromkeys(row.source for row in found)),
    )
