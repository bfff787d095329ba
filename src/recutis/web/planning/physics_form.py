"""What the physics page asks: the exposure as flat words of an address, and the exposure file that they mean."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from recutis.errors import InputError, RecutisError
from recutis.files import Document, Problem, problems
from recutis.laser import Device, DeviceFile, catalogue
from recutis.laser.devices import UNITS
from recutis.simulation import ExposureFile
from recutis.skin import build
from recutis.web.accounts.models import Clinic

SKIN: Final = ("site", "phototype", "age", "sex", "tanned")
SETTINGS: Final = tuple(name for name in UNITS if name != "total_density_pct")
LAYERS: Final = ("stratum_corneum", "epidermis", "basal_layer", "papillary_dermis", "reticular_dermis", "subcutis")
LAYER_PARTS: Final[Mapping[str, str]] = {
    "um": "thickness_um", "water": "water_fraction", "melanin": "melanin_fraction", "blood": "blood_fraction",
}  # fmt: skip
LABELS: Final[Mapping[str, str]] = {
    "site": "Site", "phototype": "Phototype", "age": "Age", "sex": "Sex", "tanned": "Tan", "layers": "Layers", "device": "Device",
    "energy_mJ": "Energy", "fluence_J_cm2": "Fluence", "density_pct": "Density", "columns_cm2": "Columns",
    "duration_ms": "Pulse duration", "spot_mm": "Spot", "power_W": "Power", "depth_um": "Depth", "coagulation_um": "Coagulation",
    "overlap_pct": "Overlap", "stack": "Pulses on a place", "passes": "Passes", "cooling": "Cooling",
}  # fmt: skip
USES: Final = (
    ("ablative_fractional", "Resurfacing, fractional ablative"), ("ablative_full", "Resurfacing, full field"),
    ("hybrid", "Resurfacing, hybrid"), ("nonablative_fractional", "Resurfacing, non-ablative fractional"),
    ("vascular", "Vessels and redness"), ("pigment", "Pigment"), ("ipl", "Intense pulsed light"),
    ("sebaceous", "Acne and the deeper dermis"), ("nonablative_bulk", "Acne and the deeper dermis"),
)  # fmt: skip
"""What devices are used for, by the start of their class."""
SECOND: Final = "b_"
"""What the second exposure changes stands in the address under its name with this before it."""
_LAYER_KEYS: Final = tuple(f"l{row}_{part}" for row in range(len(LAYERS)) for part in LAYER_PARTS)
_KEYS: Final = (*SKIN, "layers", *_LAYER_KEYS, "device", *SETTINGS, "cooling")
_CHANGEABLE: Final = (*SKIN, "device", *SETTINGS, "cooling")
_ALL: Final = (*_KEYS, "own", "changes", *(f"{SECOND}{name}" for name in _CHANGEABLE), "files")
_DEFAULTS: Final[Mapping[str, str]] = {"site": "cheek", "phototype": "II", "age": "40", "sex": "female"}
_LONGEST: Final = 100
_LONGEST_OWN: Final = 6000  # characters of a device that a file described
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_PLACE: Final = re.compile(r"^(?:[\w.]+ \(the exposure\)|the exposure)(?: is .*?)?: (?=\D)", re.DOTALL)
_KEY_IN_TEXT: Final = re.compile(rf"\b({'|'.join(UNITS)})\b")


@dataclass(frozen=True, kw_only=True)
class Exposures:
    """What somebody asks for: the words as typed, the exposures they mean, and a sentence for each word that is wrong.

    `errors` are by name (that of the second exposure with its prefix; the empty name for what no single word is to blame for).
    `first` and `second` are documents of exposure files; `second` is None where nothing is compared.
    """

    values: Mapping[str, str]
    first: Mapping[str, Any]
    second: Mapping[str, Any] | None
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether this can be simulated."""
        return all("device" in one for one in (self.first, self.second) if one is not None) and not self.errors

    @property
    def query(self) -> str:
        """The words as the end of an address."""
        return urlencode({name: value for name in _ALL if (value := self.values.get(name, ""))})


def words_of(data: Mapping[str, str]) -> dict[str, str]:
    """The words of an address or a form that mean something here, as typed but for spaces around them."""
    found = {}
    for name in _ALL:
        value = str(data.get(name) or "").replace("\x00", "").strip()
        found[name] = value[: _LONGEST_OWN if name == "own" else _LONGEST]
    started = any(found[name] for name in SKIN)
    return {**found, **{name: value for name, value in _DEFAULTS.items() if not found[name] and not started}}


def read(values: Mapping[str, str], clinic: Clinic) -> Exposures:
    """The exposures that these words mean, and what is wrong with them."""
    first = exposure_document(values, clinic)
    errors = dict(_wrong(first, values, clinic))
    changes = values.get("changes", "")
    if changes not in _CHANGEABLE:
        return Exposures(values={**values, "changes": ""}, first=first, second=None, errors=errors)
    changed = changed_values(values)
    second = exposure_document(changed, clinic)
    told = _wrong(second, changed, clinic) if not errors else {}
    errors |= {_second_name(name, changes): sentence for name, sentence in told.items()}
    return Exposures(values=values, first=first, second=second, errors=errors)


def _second_name(name: str, changes: str) -> str:
    """Where a sentence about the second exposure stands: at the one word it changes, or at one of the other device's."""
    return f"{SECOND}{name if changes == 'device' and name in {'device', *SETTINGS} else changes}"


def changed_values(values: Mapping[str, str]) -> dict[str, str]:
    """The words of the second exposure: those of the first but for the one thing that is changed."""
    changes = values.get("changes", "")
    if changes == "device":
        kept = {name: value for name, value in values.items() if name not in SETTINGS}
        return {**kept, **{name: values.get(f"{SECOND}{name}", "") for name in ("device", *SETTINGS)}}
    return {**values, changes: values.get(f"{SECOND}{changes}", "")}


def exposure_document(values: Mapping[str, str], clinic: Clinic) -> dict[str, Any]:
    """The content of an exposure file that these words mean."""
    skin: dict[str, Any] = {name: value for name in SKIN if name != "tanned" and (value := values.get(name))}
    if "age" in skin:
        skin["age"] = _number(skin["age"])
    if values.get("tanned"):
        skin["tanned"] = True
    rows = [row for row in range(len(LAYERS)) if values.get("layers") and values.get(f"l{row}_um")]
    if values.get("layers"):
        skin["layers"] = [_layer(values, row) for row in rows]
    found: dict[str, Any] = {"skin": skin}
    if values.get("device"):
        found["device"] = device_entry(values["device"], clinic, values.get("own", ""))
    settings = {name: _setting(name, value) for name in SETTINGS if (value := values.get(name))}
    if settings:
        found["settings"] = settings
    if values.get("cooling"):
        found["cooling"] = values["cooling"]
    return found


def _layer(values: Mapping[str, str], row: int) -> dict[str, Any]:
    told = {key: values.get(f"l{row}_{part}", "") for part, key in LAYER_PARTS.items()}
    return {"name": LAYERS[row], **{key: _number(value) for key, value in told.items() if value}}


def _number(text: str) -> Any:
    """A number where the text is one; a quantity with its unit is read by whoever knows which unit is wanted."""
    return float(text) if _NUMBER.fullmatch(text) else text


def _setting(name: str, text: str) -> Any:
    return int(text) if name in {"stack", "passes"} and re.fullmatch(r"\d{1,6}", text) else _number(text)


def own_devices(clinic: Clinic) -> dict[str, Any]:
    """The clinic's own devices as its file describes them, by name; names of the catalogue stand for themselves."""
    listed = clinic.devices_file.get("devices", ()) if isinstance(clinic.devices_file, dict) else ()
    named = [(one.get("name") if isinstance(one, dict) else one, one) for one in listed]
    return {str(name): one for name, one in named if name}


def device_entry(name: str, clinic: Clinic, own: str) -> Any:
    """What stands under `device` in the exposure file: a name of the catalogue, or a description."""
    if own:
        try:
            described = json.loads(own)
        except (ValueError, RecursionError):
            described = None
        if isinstance(described, dict) and described.get("name") == name:
            return described
    return own_devices(clinic).get(name, name)


def device_of(values: Mapping[str, str], clinic: Clinic) -> Device | None:
    """The device these words name; None where nobody has it."""
    name = values.get("device", "")
    if not name:
        return None
    entry = device_entry(name, clinic, values.get("own", ""))
    try:
        return DeviceFile.model_validate(entry).device()
    except (RecutisError, ValueError):
        return None


def by_use(clinic: Clinic, values: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Names of devices in groups: those of the clinic, one that a file described, and the catalogue by use."""
    from recutis.web.delivery.models import DeviceUnit

    owned = list(own_devices(clinic))
    units = DeviceUnit.objects.filter(clinic=clinic, retired_on=None).values_list("device", flat=True)
    known = {one.name for one in catalogue()}
    owned += [name for name in sorted(set(units)) if name not in owned and name in known]
    groups: dict[str, list[str]] = {"Devices of the clinic": owned} if owned else {}
    for one in catalogue():
        if one.name not in owned:
            groups.setdefault(_use(one), []).append(one.name)
    listed = {name for names in groups.values() for name in names}
    odd = [
        name
        for key in ("device", f"{SECOND}device")
        if (name := values.get(key, "")) and name not in listed and device_of({**values, "device": name}, clinic) is not None
    ]
    return [*groups.items(), *([("Described in a file", odd)] if odd else [])]


def _use(device: Device) -> str:
    return next(words for prefix, words in USES if device.device_class.startswith(prefix))


def _wrong(document: Mapping[str, Any], values: Mapping[str, str], clinic: Clinic) -> dict[str, str]:
    """A sentence by name for what is wrong; nothing where no device was chosen yet."""
    if "device" not in document:
        shown = {**document, "device": catalogue()[0].name, "settings": {}}
        return {name: told for name, told in _wrong(shown, values, clinic).items() if name != "device"}
    found: dict[str, str] = {}
    rows = [row for row in range(len(LAYERS)) if values.get("layers") and values.get(f"l{row}_um")]
    for one in problems(ExposureFile, Document(name="the exposure", data=dict(document), lines={})):
        name = _blamed(one, rows)
        if name == "layers" and any(key in found for key in _LAYER_KEYS):
            continue  # it only repeats that a row of the layers is wrong
        found.setdefault(name, _sentence(one, name, values.get(name, "")))
    if found and not {"device", *SETTINGS} & set(found):
        # The panel is checked as a whole only where everything else can be read: check it by itself.
        alone = {name: document[name] for name in ("device", "settings") if name in document}
        for one in problems(ExposureFile, Document(name="the exposure", data=alone, lines={})):
            name = _blamed(one, rows)
            found.setdefault(name, _sentence(one, name, values.get(name, "")))
    if not found:
        try:
            skin = ExposureFile.model_validate(document).skin
            build(site=skin.site, age_years=skin.age, phototype=skin.phototype, sex=skin.sex, tanned=skin.tanned)
        except RecutisError as error:
            found["age"] = str(error)
    return found


def _blamed(one: Problem, rows: list[int]) -> str:
    """The word of the form that a problem is about."""
    place = [str(part) for part in one.location]
    if place[:2] == ["skin", "layers"]:
        part = next((part for part, key in LAYER_PARTS.items() if place[-1] == key), "")
        inside = len(place) > 2 and place[2].isdigit() and int(place[2]) < len(rows)
        return f"l{rows[int(place[2])]}_{part or 'um'}" if inside else "layers"
    if place[:1] == ["skin"]:
        return place[1] if len(place) > 1 and place[1] in SKIN else _named_skin(one.sentence)
    if place[:1] == ["settings"]:
        return place[1] if len(place) > 1 and place[1] in SETTINGS else ""
    if place[:1] in (["device"], ["cooling"], ["passes"]):
        return place[0]
    return next((name for name in _KEY_IN_TEXT.findall(one.sentence) if name in SETTINGS), "device")


def _named_skin(sentence: str) -> str:
    return next((name for name in ("site", "phototype") if f"no {name} " in sentence), "layers")


def _sentence(one: Problem, name: str, typed: str) -> str:
    """The sentence without the places of a file, with the words of the form."""
    told = _PLACE.sub("", one.sentence)
    # The command line's way of listing devices is of no use here.
    told = told.replace(
        "'recutis devices' lists them; a device of your own is described in a YAML file.", "Choose one of the list."
    )
    told = told.replace(", unable to parse string as a number", "")
    told = in_words(told)
    if (
        typed
        and name not in {"layers", "tanned"}
        and one.location
        and not told.startswith("there is no")
        and f"'{typed}'" not in told
    ):
        told = f"'{typed[:40]}' was typed; {told}"
    return told[:1].upper() + told[1:]


def in_words(text: str) -> str:
    """A sentence of the laser layer with the words of the form instead of names of settings."""
    return _KEY_IN_TEXT.sub(lambda match: LABELS.get(match[1], "total density").lower(), text)


def values_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The words that mean an exposure file which was read without fault."""
    exposure = ExposureFile.model_validate(document)
    skin = exposure.skin
    found = {"site": skin.site, "phototype": skin.phototype, "age": f"{skin.age:g}", "sex": skin.sex}
    found["tanned"] = "1" if skin.tanned else ""
    found["device"] = exposure.device.name
    if isinstance(document.get("device"), dict) and exposure.device.model_fields_set - {"name", "notes"}:
        found["own"] = json.dumps(document["device"], ensure_ascii=False)
        if len(found["own"]) > _LONGEST_OWN:
            msg = f"The device '{exposure.device.name[:40]}' is described at too great a length; leave out its notes."
            raise InputError(msg)
    given = exposure.settings.model_dump(exclude_unset=True)
    found |= {name: _plain(value) for name, value in given.items() if value is not None}
    if exposure.passes is not None:
        found["passes"] = str(exposure.passes)
    found["cooling"] = exposure.cooling or ""
    if skin.layers is not None:
        found["layers"] = "1"
        for layer in skin.layers:
            row = LAYERS.index(layer.name)
            found |= {f"l{row}_{part}": _plain(getattr(layer, key)) for part, key in LAYER_PARTS.items()}
    return found


def _plain(value: float) -> str:
    """A number as a person types it."""
    return f"{float(f'{value:.6g}'):.12f}".rstrip("0").rstrip(".") if 1e-6 <= abs(value) < 1e9 or value == 0 else f"{value:g}"


def built_layers(values: Mapping[str, str]) -> dict[str, str]:
    """The layers that this skin has by itself, as words of the form; nothing where the skin cannot be built."""
    age = _number(values.get("age", ""))
    try:
        skin = build(
            site=values.get("site", ""), age_years=age, phototype=values.get("phototype", ""), sex=values.get("sex", ""),
            tanned=bool(values.get("tanned")),
        )  # fmt: skip
    except (RecutisError, TypeError, ValueError):
        return {}
    found: dict[str, str] = {}
    for layer in skin.layers:
        row = LAYERS.index(layer.name)
        found |= {f"l{row}_{part}": _plain(float(f"{getattr(layer, key):.3g}")) for part, key in LAYER_PARTS.items()}
    return found


def without_settings(values: Mapping[str, str], prefix: str = "") -> dict[str, str]:
    """The words without what was set on a panel: another device has another one."""
    gone = {f"{prefix}{name}" for name in SETTINGS}
    return {name: ("" if name in gone else value) for name, value in values.items()}
