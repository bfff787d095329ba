"""What can be taken out of the clinic about one patient, as bytes."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import yaml
from django.conf import settings
from django.utils import timezone

from recutis.plan.document import Plan
from recutis.report.calendar_file import calendar_bytes
from recutis.web.delivery.release import lead_document
from recutis.web.exports.fhir import bundle
from recutis.web.exports.outcomes import harmless
from recutis.web.exports.record import PatientRecord, gather
from recutis.web.exports.reports import newest_report
from recutis.web.patients.models import Patient
from recutis.web.planning.models import CoursePlan

_SIGNS = ("redness", "swelling", "pain", "sting_itch", "peeling")
_IN_MEMORY = 8 * 1024 * 1024


def plan_json(plan: CoursePlan) -> bytes:
    """The plan as it was made, as `plan.json`; `released` says whether its patient part may leave the clinic."""
    return (json.dumps({**plan.document, "released": plan.released}, ensure_ascii=False, indent=1) + "\n").encode()


def calendar_of(plan: CoursePlan) -> bytes:
    """The calendar of the chosen option with the days as booked, as the patient's telephone takes it."""
    return calendar_bytes(Plan.model_validate(lead_document(plan)))


def patient_yaml(patient: Patient) -> bytes:
    """The patient file, as the command line takes it; no name in it."""
    return yaml.safe_dump(patient.file, allow_unicode=True, sort_keys=False).encode()


def fhir_json(record: PatientRecord) -> bytes:
    """The FHIR bundle as JSON text."""
    return (json.dumps(bundle(record, timezone.now()), ensure_ascii=False, indent=1) + "\n").encode()


def diary_csv(record: PatientRecord) -> bytes:
    """What the patient told, one line a day; nothing in it is a formula for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["session", "day", "on", *_SIGNS, "red_flags", "words"])
    numbers = {one.pk: one.number for one in record.sessions}
    for entry in record.entries:
        signs = ["" if getattr(entry, sign) is None else getattr(entry, sign) for sign in _SIGNS]
        flags = harmless(" ".join(map(str, entry.flags)))
        writer.writerow([numbers.get(entry.session_id, ""), entry.day, entry.on, *signs, flags, harmless(entry.words)])
    return out.getvalue().encode()


def file_stem(patient: Patient) -> str:
    """How files of a patient are called: by record number, never by name."""
    return f"recutis-{re.sub(r'[^A-Za-z0-9-]+', '-', patient.number).strip('-') or 'patient'}"


def everything(patient: Patient) -> IO[bytes]:
    """One ZIP file with all of it; the caller closes it."""
    record = gather(patient)
    made: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _contents(record):
            archive.writestr(name, content)
        for name, path in _photographs(patient):
            archive.write(path, name, compress_type=zipfile.ZIP_STORED)
    made.seek(0)
    return made


def _contents(record: PatientRecord) -> Iterator[tuple[str, bytes]]:
    yield "patient.yaml", patient_yaml(record.patient)
    yield "fhir.json", fhir_json(record)
    yield "diary.csv", diary_csv(record)
    for number, plan in enumerate(reversed(record.plans), start=1):
        folder = f"plans/{number:02d}-{plan.made_at:%Y-%m-%d}"
        yield f"{folder}/plan.json", plan_json(plan)
        if plan.released:
            yield f"{folder}/calendar.ics", calendar_of(plan)
        report = newest_report(plan)
        if report is not None:
            yield f"{folder}/report.pdf", report.read_bytes()
    for number, consent in enumerate(reversed(record.consents), start=1):
        yield f"consents/{number:02d}-{consent.signed_at:%Y-%m-%d}.txt", _consent_text(consent)


def _consent_text(consent: Any) -> bytes:
    facts: Mapping[str, str] = {
        "Signed by": consent.signed_name,
        "Signed at": consent.signed_at.isoformat(timespec="minutes"),
        "Photographs for care": "yes" if consent.photos_for_care else "no",
        "Photographs for teaching": "yes" if consent.photos_for_teaching else "no",
        "Withdrawn at": consent.withdrawn_at.isoformat(timespec="minutes") if consent.withdrawn_at else "not withdrawn",
        "SHA-256 of the text": consent.text_sha256,
    }
    head = "\n".join(f"{name}: {value}" for name, value in facts.items())
    return f"{consent.text}\n\n--\n{head}\n".encode()


def _photographs(patient: Patient) -> Iterator[tuple[str, Path]]:
    root = Path(settings.MEDIA_ROOT)
    for photo in patient.photos.filter(removed_at=None):
        path = root / photo.file_name
        if path.is_file() and path.resolve().is_relative_to(root.resolve()):
            yield f"photos/{photo.taken_on}-{photo.view}-{str(photo.pk)[:8]}{path.suffix}", path
