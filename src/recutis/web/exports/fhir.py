"""A patient's record as a FHIR R5 bundle of type collection; every reference points inside it.

Only the patient has a name: members of staff are ids. Codes are LOINC where one is certain, else of our own code systems
(`urn:recutis:codes:…`); units are UCUM.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from recutis.web.delivery.models import AdverseEvent, Consent, DeliveredPass, DeviceUnit, FollowUp, Session
from recutis.web.diary.models import DiaryEntry
from recutis.web.exports.fhir_parts import (
    OWN,
    PAIN,
    Resource,
    components,
    concerns_of,
    derived,
    is_number,
    known,
    moment,
    own,
    quantity,
    text,
    to,
    without_nothing,
)
from recutis.web.exports.record import PatientRecord
from recutis.web.planning.models import CoursePlan

_SIGNS: Final = ("redness", "swelling", "pain", "sting_itch", "peeling")
_STATES: Final = {"planned": "active", "under_way": "active", "done": "completed", "cancelled": "revoked"}
_GIVEN: Final = {"under_way": "in-progress", "done": "completed"}
_SEXES: Final = {"female": "female", "male": "male"}


def bundle(record: PatientRecord, at: datetime.datetime) -> dict[str, Any]:
    """The bundle as JSON, after a pass through the models of R5, which refuse what the standard does not allow."""
    from fhir.resources.bundle import Bundle

    entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in _resources(record)]
    made = Bundle.model_validate({"resourceType": "Bundle", "type": "collection", "timestamp": moment(at), "entry": entries})
    return dict(json.loads(made.model_dump_json()))


def _resources(record: PatientRecord) -> Iterator[Resource]:
    yield _organization(record)
    yield _patient(record)
    for person in record.people:
        yield {
            "resourceType": "Practitioner", "id": str(person.pk), "identifier": [{"system": f"{OWN}staff", "value": str(person.pk)}],
        }  # fmt: skip
    for unit in record.units:
        yield _device(unit)
    for condition_id, concern in concerns_of(record):
        yield _condition(record, condition_id, concern)
    for plan in record.plans:
        yield _care_plan(record, plan)
        yield from _risks(record, plan)
    for session in record.sessions:
        yield _request(record, session)
        if session.state in _GIVEN:
            yield _session(record, session)
    for one in record.passes:
        yield _pass(record, one)
        yield from _pass_observations(record, one)
    for entry in record.entries:
        yield from _diary(record, entry)
    for seen in record.follow_ups:
        yield _follow_up(record, seen)
    for consent in record.consents:
        yield _consent(record, consent)
    for harm in record.harms:
        yield _harm(record, harm)


def _organization(record: PatientRecord) -> Resource:
    identifier = [{"system": f"{OWN}clinic", "value": str(record.clinic.pk)}]
    return without_nothing(
        {"resourceType": "Organization", "id": str(record.clinic.pk), "identifier": identifier, "name": text(record.clinic.name)}
    )


def _patient(record: PatientRecord) -> Resource:
    who = record.patient
    name = without_nothing({"family": text(who.family_name), "given": [text(who.given_name)] if text(who.given_name) else None})
    person = record.patient.file.get("patient")
    sex = person.get("sex") if isinstance(person, Mapping) else None
    contact = [
        {"system": kind, "value": text(value)} for kind, value in (("phone", who.phone), ("email", who.email)) if text(value)
    ]
    return without_nothing(
        {
            "resourceType": "Patient",
            "id": str(who.pk),
            "identifier": [{"system": f"{OWN}record-number:{record.clinic.pk}", "value": text(who.number) or str(who.pk)}],
            "active": who.archived_at is None,
            "name": [name] if name else None,
            "telecom": contact,
            "gender": _SEXES.get(str(sex), "unknown"),
            "birthDate": who.birth_date.isoformat(),
            "managingOrganization": to(record.clinic.pk),
        }
    )


def _device(unit: DeviceUnit) -> Resource:
    return without_nothing(
        {
            "resourceType": "Device",
            "id": str(unit.pk),
            "status": "inactive" if unit.retired_on else "active",
            "serialNumber": text(unit.serial_number),
            "name": [{"value": text(unit.device), "type": "user-friendly-name"}] if text(unit.device) else None,
            "type": [own("device", unit.device, unit.device)],
            "owner": to(unit.clinic_id),
        }
    )


def _condition(record: PatientRecord, condition_id: str, concern: Mapping[str, Any]) -> Resource:
    severity = concern.get("severity")
    notes = [f"side: {concern['side']}"] if concern.get("side") else []
    if isinstance(severity, Mapping) and severity.get("scale"):
        notes.append(f"{severity.get('scale')} {severity.get('value')}")
    confirmed = concern.get("diagnosis_confirmed")
    return without_nothing(
        {
            "resourceType": "Condition",
            "id": condition_id,
            "clinicalStatus": known("condition-clinical", "active"),
            "verificationStatus": known("condition-ver-status", "confirmed" if confirmed else "unconfirmed")
            if isinstance(confirmed, bool)
            else None,
            "code": own("concern", concern["kind"]),
            "bodySite": [own("site", concern["site"])],
            "subject": to(record.patient.pk),
            "recordedDate": moment(record.patient.changed_at),
            "note": [{"text": text("; ".join(notes))}] if text("; ".join(notes)) else None,
        }
    )


def _care_plan(record: PatientRecord, plan: CoursePlan) -> Resource:
    status = "revoked" if plan.withdrawn_at else "active" if plan.released_at else "draft"
    own_sessions = [one for one in record.sessions if one.plan_id == plan.pk]
    activity = [
        without_nothing(
            {
                "plannedActivityReference": to(derived(one.pk, "request")),
                "performedActivity": [{"reference": to(one.pk)}] if one.state in _GIVEN else None,
            }
        )
        for one in own_sessions
    ]
    return without_nothing(
        {
            "resourceType": "CarePlan",
            "id": str(plan.pk),
            "status": status,
            "intent": "plan",
            "title": "Course of laser treatment",
            "description": text(plan.headline),
            "subject": to(record.patient.pk),
            "created": moment(plan.made_at),
            "custodian": to(plan.made_by_id),
            "contributor": [to(record.clinic.pk)],
            "replaces": [to(plan.previous_id)] if plan.previous_id else None,
            "addresses": [{"reference": to(condition_id)} for condition_id, _ in concerns_of(record)],
            "activity": activity,
            "note": [{"text": text(f"Screening: {plan.status.replace('_', ' ')}")}] if text(plan.status) else None,
        }
    )


def _chosen(plan: CoursePlan) -> Mapping[str, Any]:
    options = plan.document.get("options")
    listed = options if isinstance(options, list) else []
    return next((one for one in listed if isinstance(one, Mapping) and one.get("rank") == plan.chosen_rank), {})


def _range(band: object) -> Resource | None:
    """An interval of percent from p10 to p90."""
    if not isinstance(band, Mapping) or not (is_number(band.get("p10")) and is_number(band.get("p90"))):
        return None
    low, high = (min(max(float(band[key]), 0.0), 100.0) for key in ("p10", "p90"))
    return {"low": quantity(min(low, high), "%"), "high": quantity(max(low, high), "%")}


def _risks(record: PatientRecord, plan: CoursePlan) -> Iterator[Resource]:
    """The predicted risks of the chosen option over the whole course, 80 % interval for this person."""
    predicted = _chosen(plan).get("predictions")
    risks = predicted.get("risks") if isinstance(predicted, Mapping) else None
    told = [
        {"outcome": own("risk", name), "probabilityRange": band, "rationale": "80 % interval for this person, whole course"}
        for name, risk in (sorted(risks.items()) if isinstance(risks, Mapping) else ())
        if (band := _range(risk.get("per_course") if isinstance(risk, Mapping) else None)) is not None
    ]
    if told:
        yield {
            "resourceType": "RiskAssessment",
            "id": derived(plan.pk, "risks"),
            "status": "final" if plan.released_at else "preliminary",
            "method": own("method", "recutis"),
            "subject": to(record.patient.pk),
            "occurrenceDateTime": moment(plan.made_at),
            "basis": [to(plan.pk)],
            "prediction": told,
        }


def _request(record: PatientRecord, session: Session) -> Resource:
    """A session as it was planned."""
    return {
        "resourceType": "ServiceRequest",
        "id": derived(session.pk, "request"),
        "status": _STATES.get(session.state, "unknown"),
        "intent": "plan",
        "code": {"concept": own("session", session.kind)},
        "subject": to(record.patient.pk),
        "basedOn": [to(session.plan_id)],
        "occurrenceDateTime": session.planned_on.isoformat(),
    }


def _session(record: PatientRecord, session: Session) -> Resource:
    """A session as it was given; its passes are parts of it."""
    period = without_nothing(
        {
            "start": moment(session.started_at) if session.started_at else None,
            "end": moment(session.ended_at) if session.ended_at and session.state == "done" else None,
        }
    )
    return without_nothing(
        {
            "resourceType": "Procedure",
            "id": str(session.pk),
            "basedOn": [to(derived(session.pk, "request"))],
            "status": _GIVEN[session.state],
            "code": own("session", session.kind),
            "subject": to(record.patient.pk),
            "occurrencePeriod": period,
            "occurrenceDateTime": None if period else session.planned_on.isoformat(),
            "performer": [{"actor": to(session.operator_id)}] if session.operator_id else None,
            "note": [{"text": text(session.words)}] if text(session.words) else None,
        }
    )


def _pass(record: PatientRecord, one: DeliveredPass) -> Resource:
    return without_nothing(
        {
            "resourceType": "Procedure",
            "id": str(one.pk),
            "partOf": [to(one.session_id)] if _was_given(record, one.session_id) else None,
            "status": "completed",
            "code": own("session", "pass", f"pass {one.number}"),
            "subject": to(record.patient.pk),
            "occurrenceDateTime": moment(one.given_at),
            "bodySite": [own("site", one.site)],
            "performer": [{"actor": to(one.given_by_id)}],
            "used": [{"reference": to(one.unit_id)}],
            "note": [{"text": text(one.endpoint_seen)}] if text(one.endpoint_seen) else None,
        }
    )


def _was_given(record: PatientRecord, session_id: object) -> bool:
    return any(one.pk == session_id and one.state in _GIVEN for one in record.sessions)


def _observation(record: PatientRecord, observation_id: str, code: Resource, when: str, **more: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "id": observation_id,
        "status": "final",
        "code": code,
        "subject": to(record.patient.pk),
        "effectiveDateTime": when,
        **more,
    }


def _pass_observations(record: PatientRecord, one: DeliveredPass) -> Iterator[Resource]:
    """The panel as it was set, and the pain of the pass."""
    told = components("setting", one.delivered if isinstance(one.delivered, Mapping) else {})
    by = [to(one.given_by_id)]
    if told:
        yield _observation(
            record, derived(one.pk, "settings"), own("observation", "panel-settings"), moment(one.given_at), component=told,
            device=to(one.unit_id), partOf=[to(one.pk)], performer=by,
        )  # fmt: skip
    if one.pain_0_10 is not None:
        yield _observation(
            record, derived(one.pk, "pain"), {"coding": [PAIN]}, moment(one.given_at), partOf=[to(one.pk)], performer=by,
            valueQuantity=quantity(one.pain_0_10, "{score}"),
        )  # fmt: skip


def _diary(record: PatientRecord, entry: DiaryEntry) -> Iterator[Resource]:
    """Each sign of one day, 0 to 10, as the patient told it."""
    for sign in _SIGNS:
        value = getattr(entry, sign)
        if value is not None:
            code = {"coding": [PAIN]} if sign == "pain" else own("sign", sign)
            given = [to(entry.session_id)] if _was_given(record, entry.session_id) else None
            yield without_nothing(
                _observation(
                    record, derived(entry.pk, sign), code, entry.on.isoformat(), performer=[to(record.patient.pk)], partOf=given,
                    valueQuantity=quantity(value, "{score}"),
                )
            )  # fmt: skip


def _follow_up(record: PatientRecord, seen: FollowUp) -> Resource:
    """What was seen at a visit; improvement is in percent."""
    told = seen.observation if isinstance(seen.observation, Mapping) else {}
    better = told.get("improvement")
    parts = components("follow-up", {key: value for key, value in told.items() if key not in {"session", "date", "given"}})
    parts += [
        {"code": own("improvement", key), "valueQuantity": quantity(float(value), "%")}
        for key, value in (sorted(better.items()) if isinstance(better, Mapping) else ())
        if is_number(value)
    ]
    return without_nothing(
        _observation(
            record, str(seen.pk), own("observation", "follow-up"), seen.seen_on.isoformat(), component=parts,
            performer=[to(seen.entered_by_id)], note=[{"text": text(seen.words)}] if text(seen.words) else None,
        )
    )  # fmt: skip


def _consent(record: PatientRecord, consent: Consent) -> Resource:
    """What was agreed to; the text itself stays in the clinic, its hash goes along."""
    purposes = [name for name in ("photos_for_care", "photos_for_teaching") if getattr(consent, name)]
    return without_nothing(
        {
            "resourceType": "Consent",
            "id": str(consent.pk),
            "identifier": [{"system": f"{OWN}consent-text-sha256", "value": text(consent.text_sha256) or "none"}],
            "status": "inactive" if consent.withdrawn_at else "active",
            "category": [own("consent", "laser-treatment"), *(own("consent", name) for name in purposes)],
            "subject": to(record.patient.pk),
            "date": consent.signed_at.date().isoformat(),
            "grantor": [to(record.patient.pk)],
            "controller": [to(record.clinic.pk)],
            "verification": [
                {"verified": True, "verifiedBy": to(consent.witness_id), "verificationDate": [moment(consent.signed_at)]}
            ],
            "decision": "permit",
        }
    )


def _harm(record: PatientRecord, harm: AdverseEvent) -> Resource:
    return without_nothing(
        {
            "resourceType": "AdverseEvent",
            "id": str(harm.pk),
            "status": "completed" if harm.resolved_on else "in-progress",
            "actuality": "actual",
            "code": own("harm", harm.kind),
            "category": [own("harm-severity", harm.severity)] if text(harm.severity) else None,
            "subject": to(record.patient.pk),
            "occurrenceDateTime": harm.seen_on.isoformat(),
            "recordedDate": moment(harm.entered_at),
            "recorder": to(harm.entered_by_id),
            "outcome": [own("harm-outcome", "resolved" if harm.resolved_on else "not-resolved")],
            "suspectEntity": [{"instanceReference": to(harm.session_id)}] if _was_given(record, harm.session_id) else None,
            "note": [{"text": text(harm.words)}] if text(harm.words) else None,
        }
    )
