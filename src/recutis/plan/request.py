"""What to plan, and for whom; written into the plan, so that it can be made again with what has been seen since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue, ValidationError

from recutis.errors import InputError
from recutis.laser import Clinic
from recutis.laser.types import Device, Limit, Settings
from recutis.patient import Override, Patient, parse_patient
from recutis.plan.so_far import SoFar, read_so_far
from recutis.plan.usual import UsualCourse

if TYPE_CHECKING:
    from recutis.plan.evaluate import Place


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to plan, and for whom; `processes` devices are looked at side by side, which changes nothing but the time.

    `known` are the places of the person with twins that something seen has taught, where there is any; `so_far` says what of the
    course has been given already.
    """

    patient: Patient
    clinic: Clinic | None = None
    overrides: tuple[Override, ...] = ()
    usual: UsualCourse | None = None
    seed: int = 0
    processes: int = 1
    known: Mapping[str, Place] | None = None
    so_far: SoFar | None = None


def request_document(request: Request) -> dict[str, JsonValue]:
    """A request as JSON: patient file, clinic, overrides, usual settings, seed, and what has been given already, if anything."""
    usual = request.usual
    return {
        "patient": request.patient.model_dump(mode="json", exclude_none=True),
        "clinic": None if request.clinic is None else _clinic_document(request.clinic),
        "overrides": [item.model_dump(mode="json") for item in request.overrides],
        "usual": None if usual is None else _usual_document(usual),
        "seed": request.seed,
        **({} if request.so_far is None else {"so_far": request.so_far.document()}),
    }


def _usual_document(usual: UsualCourse) -> dict[str, JsonValue]:
    return {
        "device": device_document(usual.device),
        "settings": _plain(asdict(usual.settings)),
        "sessions": usual.sessions,
        "interval_weeks": usual.interval_weeks,
    }


def _clinic_document(clinic: Clinic) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = clinic.model_dump(mode="json", exclude={"devices"}, exclude_none=True)
    return {**told, "devices": [device_document(device) for device in clinic.devices]}


def device_document(device: Device) -> dict[str, JsonValue]:
    """A device as JSON, its limits included."""
    values = {field.name: getattr(device, field.name) for field in fields(device)}
    return _plain({**values, "limits": {name: asdict(limit) for name, limit in device.limits.items()}})


def _plain(values: Mapping[str, Any]) -> dict[str, JsonValue]:
    return {name: _json(value) for name, value in values.items()}


def _json(value: Any) -> JsonValue:
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, (list, tuple)):
        return [_json(item) for item in value]
    kept: JsonValue = value
    return kept


def read_request(document: Mapping[str, Any]) -> Request:
    """The request that a plan was made from.

    Raises InputError for a document that no plan of this version has written.
    """
    try:
        clinic, usual = document["clinic"], document["usual"]
        return Request(
            patient=parse_patient(document["patient"]),
            clinic=None if clinic is None else _read_clinic(clinic),
            overrides=tuple(Override.model_validate(item) for item in document["overrides"]),
            usual=None if usual is None else _read_usual(usual),
            seed=int(document["seed"]),
            so_far=read_so_far(document["so_far"]) if document.get("so_far") is not None else None,
        )
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = f"The request in the plan cannot be read ({why}); make the plan anew with 'recutis plan'."
        raise InputError(msg) from error


def _read_clinic(document: Mapping[str, Any]) -> Clinic:
    return Clinic.model_validate({**document, "devices": [read_device_document(item) for item in document["devices"]]})


def _read_usual(document: Mapping[str, Any]) -> UsualCourse:
    return UsualCourse(
        device=read_device_document(document["device"]), settings=Settings(**document["settings"]), sessions=document["sessions"],
        interval_weeks=document["interval_weeks"],
    )  # fmt: skip


def read_device_document(document: Mapping[str, Any]) -> Device:
    """The device of a document.

    Raises TypeError or KeyError for a document that does not hold one.
    """
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}
    values["limits"] = {name: Limit(**limit) for name, limit in document["limits"].items()}
    return Device(**values)
