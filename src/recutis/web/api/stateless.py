"""Operations that keep nothing: the catalogue of devices, screening of a file that is sent along."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field, JsonValue

from recutis.laser import catalogue
from recutis.web.access import EVERYONE, TREATING, note
from recutis.web.accounts.models import RESEARCHER
from recutis.web.api.guard import open_to
from recutis.web.api.words import Told, answers
from recutis.web.exports.screening import ScreeningDocument, screening_document

router = Router(tags=["without records"])


class SettingLimit(Schema):
    """What a panel allows for one setting."""

    low: float
    high: float
    typical: float
    unit: str


class CatalogueDevice(Schema):
    """A device of the catalogue."""

    name: str
    device_class: str
    wavelength_nm: float
    mode: str = Field(description="full_field, fractional or spot")
    panel: list[str] = Field(description="the settings a user sets, in order")
    limits: dict[str, SettingLimit] = Field(description="what the panel allows for each setting")
    cooling: str = Field(description="cooling that is built in")


class FileAlone(Told):
    """A patient file that belongs to no record."""

    file: dict[str, JsonValue] = Field(description="as docs/schema/patient.json says")


@router.get("/devices-catalogue", response=answers(list[CatalogueDevice]))
@open_to(*EVERYONE)
def device_catalogue(request: HttpRequest) -> list[Any]:  # noqa: ARG001
    """The lasers that Recutis knows, as `recutis devices` lists them."""
    return list(catalogue())


@router.post("/screening", response=answers(ScreeningDocument))
@open_to(*TREATING, RESEARCHER)
def screen_file(request: HttpRequest, told: FileAlone) -> ScreeningDocument:
    """Screen a patient file without keeping it: what `recutis screen --json` prints."""
    note(request, action="file screened")
    return screening_document(told.file)
