"""Delivery: release, checklist and its gates, passes and deviations, lots, devices, sessions by day, follow-up."""

from __future__ import annotations

import datetime
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from web_course import DEVICE, course, laser, released, session_of, sign, tick_all, under_way
from web_people import House, house

from recutis.plan.document import Plan
from recutis.web.audit.models import AuditEntry
from recutis.web.delivery.gates import checklist_of
from recutis.web.delivery.models import AdverseEvent, DeliveredPass, DeviceEvent, DeviceUnit, FollowUp, LotUse, Session
from recutis.web.delivery.release import lead_document, may_leave, release, released_document
from recutis.web.patients.models import LiftedRule
from recutis.web.planning.models import CoursePlan
from recutis.web.templatetags.recutis_words import day as written

pytestmark = pytest.mark.django_db
PASS = {"knob_energy_mJ": "20", "knob_density_pct": "4", "count": "1", "endpoint_seen": "as planned", "pain_0_10": "4"}


@pytest.fixture
def clinic() -> House:
    """A clinic with everybody."""
    return house("North")


def _text(answer: object) -> str:
    return unescape(answer.content.decode())  # type: ignore[attr-defined]


def _day(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


# Release


def test_only_a_clinician_releases_and_only_after_reading(clinic: House) -> None:
    """A nurse sees the page and is refused; without the tick nothing happens; then sessions are booked."""
    plan = course(clinic, spot=True)
    place = f"/plans/{plan.pk}/release/"
    assert clinic.client("nurse").get(place).status_code == 200
    assert clinic.client("nurse").post(place, {"read": "on"}).status_code == 403
    assert clinic.client("front_desk").get(place).status_code == 403
    assert "Tick that you have read" in _text(clinic.client("clinician").post(place))
    plan.refresh_from_db()
    assert not may_leave(plan)
    assert released_document(plan) is None
    assert plan.sessions.count() == 0

    assert clinic.client("clinician").post(place, {"read": "on"}).status_code == 302
    plan.refresh_from_db()
    assert may_leave(plan)
    assert plan.released_by == clinic.people["clinician"]
    kinds = [(one.kind, one.number) for one in plan.sessions.order_by("planned_on")]
    assert kinds == [("test_spot", 1), ("session", 1), ("session", 2)]
    spot, first, second = plan.sessions.order_by("planned_on")
    assert spot.planned_on < spot.read_on < first.planned_on < second.planned_on
    assert (second.planned_on - first.planned_on).days >= 6 * 7
    assert AuditEntry.objects.filter(action="plan released", object_id=str(plan.pk)).count() == 1


def test_the_page_of_a_release_shows_warnings_and_lifted_rules(clinic: House) -> None:
    """What a clinician must know stands on the page, with who lifted what and why."""
    plan = course(clinic)
    rule = {**plan.document["screening"][0], "rule_id": "SCR-010", "state": "overridden"}
    CoursePlan.objects.filter(pk=plan.pk).update(document={**plan.document, "screening": [rule]})
    lifted = LiftedRule.objects.create(
        clinic=clinic.clinic, patient=plan.patient, rule_id="SCR-010", by=clinic.people["clinician"],
        reason="The tan was self-tanner.", date=timezone.localdate(),
    )  # fmt: skip
    page = _text(clinic.client("clinician").get(f"/plans/{plan.pk}/release/"))
    assert "Dark marks afterwards (PIH)" in page
    assert "The tan was self-tanner." in page

    lifted.withdrawn_at = timezone.now()
    lifted.save()
    answer = clinic.client("clinician").post(f"/plans/{plan.pk}/release/", {"read": "on"})
    assert answer.status_code == 422
    assert "SCR-010 was lifted when the plan was made, and that has been withdrawn since" in _text(answer)


@pytest.mark.parametrize("status", ["needs_answers", "deferred", "refer", "blocked"])
def test_a_plan_that_is_not_ready_is_never_released(clinic: House, status: str) -> None:
    """The page says why."""
    plan = course(clinic, status=status)
    answer = clinic.client("clinician").post(f"/plans/{plan.pk}/release/", {"read": "on"})
    assert answer.status_code == 422
    assert "Only a plan that is ready can be released" in _text(answer)
    plan.refresh_from_db()
    assert not may_leave(plan)


def test_withdrawing_needs_a_reason_and_cancels_what_is_planned(clinic: House) -> None:
    """Nothing may leave after it; releasing again books the same sessions again."""
    plan = released(clinic)
    client = clinic.client("clinician")
    client.post(f"/plans/{plan.pk}/withdraw/", {"why": ""})
    plan.refresh_from_db()
    assert may_leave(plan)
    assert clinic.client("nurse").post(f"/plans/{plan.pk}/withdraw/", {"why": "x"}).status_code == 403
    client.post(f"/plans/{plan.pk}/withdraw/", {"why": "New medicine."})
    plan.refresh_from_db()
    assert not may_leave(plan)
    assert plan.withdrawn_why == "New medicine."
    assert set(plan.sessions.values_list("state", flat=True)) == {"cancelled"}

    client.post(f"/plans/{plan.pk}/release/", {"read": "on"})
    assert set(plan.sessions.values_list("state", flat=True)) == {"planned"}
    assert plan.sessions.count() == 2


def test_releasing_a_newer_plan_cancels_the_older_ones_sessions(clinic: House) -> None:
    """One patient has one course to come."""
    older, newer = released(clinic), course(clinic)
    release(newer, clinic.people["clinician"])
    assert set(older.sessions.values_list("state", flat=True)) == {"cancelled"}
    assert set(newer.sessions.values_list("state", flat=True)) == {"planned"}


def test_the_released_document_leads_with_the_chosen_option_and_its_own_dates(clinic: House) -> None:
    """Report and calendar read the first option: another choice comes first, comparisons with the old first one are gone."""
    plan = course(clinic)
    CoursePlan.objects.filter(pk=plan.pk).update(chosen_rank=2)
    plan.refresh_from_db()
    release(plan, clinic.people["clinician"])
    made = Plan.model_validate(released_document(plan))
    assert made.released
    assert made.options[0].device == "Fraxel DUAL 1550"
    assert [one.rank for one in made.options] == [1, 2, 3]
    assert (
        sum(entry.kind == "session" for entry in made.calendar)
        == made.options[0].sessions
        == plan.sessions.filter(kind="session").count()
        == 3
    )
    assert all(one.probability_better_pct is None for one in made.comparators)
    moved = session_of(plan, number=1)
    moved.planned_on = _day(100)
    moved.save()
    days = [entry.day for entry in Plan.model_validate(lead_document(plan)).calendar if entry.kind == "session"]
    assert _day(100).isoformat() in days


# The checklist


def test_nothing_starts_before_every_gate_holds(clinic: House) -> None:
    """Consent, laser and each item are asked for by name, and cannot be ticked away."""
    plan = course(clinic, ablative=True)
    release(plan, clinic.people["clinician"])
    session, client = session_of(plan), clinic.client("nurse")
    answer = client.post(f"/sessions/{session.pk}/start/")
    page = _text(answer)
    assert answer.status_code == 409
    for words in ("not signed for this plan", "no laser is booked", "Eye protection. Not ticked yet", "Smoke. Not ticked yet",
                  "Herpes prophylaxis is taken. Not ticked yet", "Cold sore, infection"):  # fmt: skip
        assert words in page
    assert "optical density 5 or more at 2940 nm" in page
    assert (
        client.post(f"/sessions/{session.pk}/check/", {"item": "consent", "answer": "yes"}, HTTP_HX_REQUEST="true").status_code
        == 422
    )
    tick_all(clinic, session)
    assert client.post(f"/sessions/{session.pk}/start/").status_code == 409
    sign(plan, clinic)
    unit = laser(clinic, "ProFractional")
    Session.objects.filter(pk=session.pk).update(unit=unit)
    assert client.post(f"/sessions/{session.pk}/start/").status_code == 302
    session.refresh_from_db()
    assert session.state == "under_way"
    assert session.operator == clinic.people["nurse"]
    assert session.planned_on == timezone.localdate()
    kept = session.checklist["herpes"]
    assert (kept["by"], kept["typed"]) == (clinic.people["nurse"].full_name, "Dr Lind")


def test_smoke_and_herpes_are_asked_only_where_they_belong(clinic: House) -> None:
    """A laser that leaves the surface makes no smoke; no prophylaxis in the plan, no prescriber."""
    names = {item.name for item in checklist_of(session_of(released(clinic))).items}
    assert {"identity", "eyewear", "photos", "isotretinoin", "tan", "infection"} <= names
    assert not {"smoke", "herpes"} & names


def test_no_photograph_is_asked_for_without_consent_to_it(clinic: House) -> None:
    """Who did not agree is not photographed, and the session can start all the same."""
    laser(clinic)
    plan = course(clinic)
    release(plan, clinic.people["clinician"])
    sign(plan, clinic, photos=False)
    told = checklist_of(session_of(plan))
    assert "photos" not in {item.name for item in told.items}
    assert "The patient has not agreed to photographs. Take none." in told.cautions
    tick_all(clinic, session_of(plan))
    assert checklist_of(session_of(plan)).missing == ()


def test_consent_withdrawn_in_a_session_is_shown_at_once(clinic: House) -> None:
    """What was given can still be logged, but nobody can overlook it."""
    session, client = under_way(clinic), clinic.client("nurse")
    client.post(f"/consents/{session.plan.consents.get().pk}/withdraw/", {"why": "pain"})
    assert "Not signed for this plan" in _text(client.get(f"/sessions/{session.pk}/"))


def test_the_prescriber_is_named(clinic: House) -> None:
    """Herpes prophylaxis is not ticked without a name."""
    session = session_of(released(clinic, ablative=True))
    told = {"item": "herpes", "answer": "yes", "typed": " "}
    answer = clinic.client("nurse").post(f"/sessions/{session.pk}/check/", told, HTTP_HX_REQUEST="true")
    assert answer.status_code == 422
    assert "type the name of who prescribed it" in _text(answer)


@pytest.mark.parametrize("question", ["isotretinoin", "tan", "infection", "pregnancy"])
def test_a_yes_today_stops_the_session(clinic: House, question: str) -> None:
    """Nothing lifts it but another answer, and both answers are kept."""
    session, client = session_of(released(clinic)), clinic.client("nurse")
    tick_all(clinic, session)
    client.post(f"/sessions/{session.pk}/check/", {"item": question, "answer": "yes"})
    answer = client.post(f"/sessions/{session.pk}/start/")
    assert answer.status_code == 409
    assert "Answered yes: do not treat" in _text(answer)
    client.post(f"/sessions/{session.pk}/check/", {"item": question, "answer": "no"})
    session.refresh_from_db()
    assert [one["answer"] for one in session.checklist[question]["history"]] == ["no", "yes"]
    assert client.post(f"/sessions/{session.pk}/start/").status_code == 302


def test_answers_of_another_day_do_not_count(clinic: House) -> None:
    """A session that is moved is asked about anew."""
    session = session_of(released(clinic))
    tick_all(clinic, session)
    assert checklist_of(session).missing == ()
    assert len(checklist_of(session, today=_day(1)).open_items) == len(checklist_of(session).items)


def test_an_overdue_laser_is_not_fired(clinic: House) -> None:
    """Overdue service, a fault without repair, no record and another laser are each told."""
    session = session_of(released(clinic))
    unit = session.unit

    def gate() -> str:
        session.refresh_from_db()
        found = next(one for one in checklist_of(session).gates if one.name == "device")
        return "" if found.holds else found.words

    assert gate() == ""
    service = unit.events.get(kind="service")
    service.next_due = _day(-1)
    service.save()
    assert f"The service of {unit} was due on {written(_day(-1))}." in gate()
    service.next_due = _day(10)
    service.save()
    person = clinic.people["nurse"]
    DeviceEvent.objects.create(clinic=clinic.clinic, unit=unit, kind="fault", on=timezone.localdate(), by="x", entered_by=person)
    assert "has a fault" in gate()
    DeviceEvent.objects.create(clinic=clinic.clinic, unit=unit, kind="repair", on=timezone.localdate(), by="x", entered_by=person)
    assert gate() == ""
    other = DeviceUnit.objects.create(clinic=clinic.clinic, device="PicoWay 532", serial_number="P")
    Session.objects.filter(pk=session.pk).update(unit=other)
    assert f"the plan was made for a {DEVICE}" in gate()
    bare = DeviceUnit.objects.create(clinic=clinic.clinic, device=DEVICE, serial_number="B")
    Session.objects.filter(pk=session.pk).update(unit=bare)
    assert "has no service on record" in gate()


def _spot_words(session: Session) -> str:
    found = next(one for one in checklist_of(session).gates if one.name == "test_spot")
    return "" if found.holds else found.words


def test_the_first_session_waits_for_a_clean_test_spot(clinic: House) -> None:
    """Not made, not read, read too early, failed, and at last clean."""
    plan = released(clinic, spot=True)
    spot, first = session_of(plan, "test_spot"), session_of(plan)
    assert "not made yet" in _spot_words(first)
    spot.state, spot.started_at = "done", timezone.now() - datetime.timedelta(days=40)
    spot.save()
    assert "not read yet" in _spot_words(first)
    client = clinic.client("nurse")
    place = f"/patients/{plan.patient_id}/follow-up/"

    def seen(days_ago: int, result: str) -> None:
        told = {"session": spot.pk, "seen_on": _day(-days_ago).isoformat(), "test_spot": result}
        assert client.post(place, told).status_code == 302

    seen(30, "passed")
    assert "too early" in _spot_words(first)
    seen(5, "passed")
    assert _spot_words(first) == ""
    seen(2, "failed")
    assert "failed on" in _spot_words(first)


# Moving


def test_the_front_desk_moves_sessions_and_sees_nothing_medical(clinic: House) -> None:
    """Names, day, time, room; no device, no consent state, no way into the session."""
    plan = released(clinic)
    session, client = session_of(plan), clinic.client("front_desk")
    page = _text(client.get(f"/sessions/?day={session.planned_on}"))
    assert plan.patient.name in page
    assert "room 2" in page
    for hidden in (DEVICE.lower(), "consent", f'/sessions/{session.pk}/"', "fine lines"):
        assert hidden not in page.lower()
    assert client.get(f"/sessions/{session.pk}/").status_code == 403
    assert client.get(f"/patients/{plan.patient_id}/sessions/").status_code == 403
    new = session.planned_on + datetime.timedelta(days=1)
    assert client.post(f"/sessions/{session.pk}/move/", {"day": new.isoformat(), "at": "09:30"}).status_code == 422
    told = {"day": (session.planned_on - datetime.timedelta(days=1)).isoformat(), "at": "09:30", "unit": session.unit_id}
    assert client.post(f"/sessions/{session.pk}/move/", told).status_code == 302
    session.refresh_from_db()
    assert (session.planned_on.isoformat(), session.starts_at) == (told["day"], datetime.time(9, 30))
    assert client.post(f"/sessions/{session.pk}/cancel/", {"why": ""}).headers["Location"].endswith("/move/")
    assert client.post(f"/sessions/{session.pk}/cancel/", {"why": "holiday"}).status_code == 302
    session.refresh_from_db()
    assert (session.state, session.words) == ("cancelled", "holiday")


def test_a_move_too_close_is_warned_of_and_a_day_gone_by_refused(clinic: House) -> None:
    """The plan asks for six weeks; it is booked only when somebody insists."""
    plan = released(clinic)
    second, client = session_of(plan, number=2), clinic.client("front_desk")
    near = second.planned_on - datetime.timedelta(days=7)
    answer = client.post(f"/sessions/{second.pk}/move/", {"day": near.isoformat(), "unit": second.unit_id})
    assert answer.status_code == 422
    assert "the plan asks for 6 weeks" in _text(answer)
    assert client.post(f"/sessions/{second.pk}/move/", {"day": near.isoformat(), "sure": "on"}).status_code == 302
    answer = client.post(f"/sessions/{second.pk}/move/", {"day": _day(-1).isoformat(), "sure": "on"})
    assert "has gone by" in _text(answer)
    second.refresh_from_db()
    assert second.planned_on == near


def test_no_session_comes_before_its_test_spot_is_read(clinic: House) -> None:
    """Insisting does not help; moving the spot moves its reading and warns of the session."""
    plan = released(clinic, spot=True)
    spot, first = session_of(plan, "test_spot"), session_of(plan)
    client = clinic.client("front_desk")
    day = spot.read_on - datetime.timedelta(days=1)
    answer = client.post(f"/sessions/{first.pk}/move/", {"day": day.isoformat(), "sure": "on"})
    assert answer.status_code == 422
    assert "The test spot is read on" in _text(answer)
    wait = spot.read_on - spot.planned_on
    later = first.planned_on
    answer = client.post(f"/sessions/{spot.pk}/move/", {"day": later.isoformat()})
    assert "must move too" in _text(answer)
    client.post(f"/sessions/{spot.pk}/move/", {"day": later.isoformat(), "sure": "on"})
    spot.refresh_from_db()
    assert spot.read_on == later + wait


# Passes


def test_a_pass_is_prefilled_as_planned_and_kept(clinic: House) -> None:
    """The panel of the plan stands in the form; as planned means no deviation and no reason."""
    session, client = under_way(clinic), clinic.client("nurse")
    page = _text(client.get(f"/sessions/{session.pk}/passes/cheek/"))
    assert 'name="knob_energy_mJ" value="20"' in page
    assert 'name="knob_density_pct" value="4"' in page
    assert (
        client.post(f"/sessions/{session.pk}/passes/cheek/", {**PASS, "unit": session.unit_id, "count": "2"}).status_code == 302
    )
    passes = list(session.passes.order_by("number"))
    assert [one.number for one in passes] == [1, 2]
    assert all(one.deviations == [] and one.delivered == one.planned for one in passes)
    assert passes[0].pain_0_10 == 4
    assert client.get(f"/sessions/{session.pk}/passes/hands/").status_code == 404


def test_a_difference_needs_a_reason_beyond_what_a_panel_rounds(clinic: House) -> None:
    """0.5 % is rounding; 10 % is told field by field, and typed values are not lost."""
    session, client = under_way(clinic), clinic.client("nurse")
    place, told = f"/sessions/{session.pk}/passes/cheek/", {**PASS, "unit": session.unit_id}
    assert client.post(place, {**told, "knob_energy_mJ": "20.1"}).status_code == 302
    answer = client.post(place, {**told, "knob_energy_mJ": "18"})
    assert answer.status_code == 422
    assert "Energy: 20 mJ planned, 18 mJ given" in _text(answer)
    assert 'value="18"' in _text(answer)
    assert client.post(place, {**told, "knob_energy_mJ": "18", "deviation_reason": "It hurt."}).status_code == 302
    last = session.passes.get(number=2)
    assert [(one["field"], one["planned"], one["delivered"], one["danger"]) for one in last.deviations] == [
        ("energy_mJ", 20.0, 18.0, False)
    ]
    assert last.deviation_reason == "It hurt."
    assert session.passes.get(number=1).deviations == []


def test_above_the_ceiling_is_kept_flagged_and_in_the_audit(clinic: House) -> None:
    """What was given is a fact; it is not refused, but nobody can overlook it."""
    session, client = under_way(clinic), clinic.client("nurse")
    told = {**PASS, "unit": session.unit_id, "knob_energy_mJ": "30", "deviation_reason": "Set by mistake."}
    answer = client.post(f"/sessions/{session.pk}/passes/periorbital/", told, follow=True)
    assert "Above the hard ceiling (CEI-004): energy of one place 30 mJ, at most 25 mJ" in _text(answer)
    kept = session.passes.get()
    assert any(one["danger"] for one in kept.deviations)
    entry = AuditEntry.objects.get(action="delivered above the ceiling")
    assert entry.patient_id_text == str(session.patient_id)
    assert "CEI-004" in entry.detail["what"][0]


def test_density_of_all_passes_and_passes_beyond_the_plan_count(clinic: House) -> None:
    """The ceiling of 15 % holds for all passes together, and a pass more than planned is a deviation."""
    session, client = under_way(clinic), clinic.client("nurse")
    told = {**PASS, "unit": session.unit_id, "count": "5", "deviation_reason": "asked for"}
    client.post(f"/sessions/{session.pk}/passes/periorbital/", told)
    third, fourth = session.passes.get(number=3), session.passes.get(number=4)
    assert [one["field"] for one in third.deviations if not one["danger"]] == ["passes"]
    assert any(one["field"] == "density_pct" and one["danger"] for one in fourth.deviations)
    assert not any(one["field"] == "density_pct" for one in third.deviations)


def test_what_the_laser_cannot_do_is_kept_and_flagged(clinic: House) -> None:
    """An energy outside the device's limits is no reason to lose the entry."""
    session, client = under_way(clinic), clinic.client("nurse")
    told = {**PASS, "unit": session.unit_id, "knob_energy_mJ": "500", "deviation_reason": "panel said so"}
    assert client.post(f"/sessions/{session.pk}/passes/cheek/", told).status_code == 302
    words = [one["words"] for one in session.passes.get().deviations if one["danger"]]
    assert any(text.startswith("The laser cannot do this") for text in words)


def test_as_last_time_brings_what_was_set_at_this_site_with_this_laser(clinic: House) -> None:
    """The last pass that counts, not the one that was replaced."""
    session, client = under_way(clinic), clinic.client("nurse")
    place, told = f"/sessions/{session.pk}/passes/cheek/", {**PASS, "unit": session.unit_id}
    client.post(place, {**told, "knob_energy_mJ": "15", "deviation_reason": "tender"})
    page = _text(client.get(place + "?from=last"))
    assert 'name="knob_energy_mJ" value="15"' in page
    assert "As last time: 15 mJ, 4 %" in page
    assert "As last time" not in _text(client.get(f"/sessions/{session.pk}/passes/periorbital/"))


def test_a_pass_sent_twice_is_logged_once(clinic: House) -> None:
    """A finger that taps twice, or two tablets: the second one is told what is logged already."""
    session, client = under_way(clinic), clinic.client("nurse")
    place, told = f"/sessions/{session.pk}/passes/cheek/", {**PASS, "unit": session.unit_id, "after": "0"}
    assert client.post(place, told).status_code == 302
    answer = client.post(place, told)
    assert answer.status_code == 422
    assert "1 of 2 are logged now" in _text(answer)
    assert session.passes.count() == 1


def test_an_entry_is_corrected_by_a_new_one_and_both_stay(clinic: House) -> None:
    """The old one is shown struck out; it cannot be corrected twice; the new one counts."""
    session, client = under_way(clinic), clinic.client("nurse")
    client.post(f"/sessions/{session.pk}/passes/cheek/", {**PASS, "unit": session.unit_id})
    old = session.passes.get()
    told = {"knob_energy_mJ": "12", "knob_density_pct": "4", "unit": session.unit_id, "deviation_reason": "typed wrongly before"}
    assert client.post(f"/sessions/{session.pk}/correct/{old.pk}/", told).status_code == 302
    new = DeliveredPass.objects.get(replaces=old)
    old.refresh_from_db()
    assert (old.delivered["energy_mJ"], new.delivered["energy_mJ"], new.number) == (20.0, 12.0, 1)
    page = _text(client.get(f"/sessions/{session.pk}/"))
    assert "<s>20 mJ, 4 %</s>" in page
    assert "<strong>12 mJ, 4 %</strong>" in page
    answer = client.post(f"/sessions/{session.pk}/correct/{old.pk}/", told, follow=True)
    assert "replaced already" in _text(answer)
    assert DeliveredPass.objects.filter(session=session).count() == 2


def test_nothing_is_logged_before_the_start_or_after_the_end(clinic: House) -> None:
    """The page says what to do first."""
    session, client = session_of(released(clinic)), clinic.client("nurse")
    told = {**PASS, "unit": session.unit_id}
    assert "has not started" in _text(client.post(f"/sessions/{session.pk}/passes/cheek/", told, follow=True))
    assert not DeliveredPass.objects.exists()


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "", "1e9", "twenty"])
def test_settings_that_are_no_settings_are_refused(clinic: House, value: str) -> None:
    """With words, and nothing is kept."""
    session = under_way(clinic)
    told = {**PASS, "unit": session.unit_id, "knob_energy_mJ": value}
    assert clinic.client("nurse").post(f"/sessions/{session.pk}/passes/cheek/", told).status_code == 422
    assert not DeliveredPass.objects.exists()


# Lots, adverse events, end


def test_an_expired_lot_is_refused_with_words(clinic: House) -> None:
    """And one in date is kept."""
    session, client = under_way(clinic), clinic.client("nurse")
    told = {"what": "lidocaine cream", "lot_number": "L1", "expires_on": _day(-1).isoformat(), "amount": "5 g"}
    answer = client.post(f"/sessions/{session.pk}/lots/", told)
    assert answer.status_code == 422
    assert f"This lot expired on {written(_day(-1))}. Do not use it" in _text(answer)
    assert 'value="L1"' in _text(answer)
    assert client.post(f"/sessions/{session.pk}/lots/", {**told, "expires_on": _day(0).isoformat()}).status_code == 302
    assert LotUse.objects.get().entered_by == clinic.people["nurse"]


def test_a_session_ends_with_passes_or_with_a_reason(clinic: House) -> None:
    """An empty session needs words; adverse events are kept with it."""
    session, client = under_way(clinic), clinic.client("nurse")
    answer = client.post(f"/sessions/{session.pk}/end/", {"words": ""})
    assert answer.status_code == 422
    assert "say here why nothing was" in _text(answer)
    told = {"kind": "blister", "severity": "mild", "seen_on": timezone.localdate().isoformat(), "words": "One on the left."}
    assert client.post(f"/sessions/{session.pk}/adverse-events/", told).status_code == 302
    assert client.post(f"/sessions/{session.pk}/end/", {"words": "Stopped at once."}).status_code == 302
    session.refresh_from_db()
    assert (session.state, session.words) == ("done", "Stopped at once.")
    event = AdverseEvent.objects.get()
    client.post(f"/patients/{session.patient_id}/adverse-events/{event.pk}/resolved/")
    event.refresh_from_db()
    assert event.resolved_on == timezone.localdate()


# Follow-up


def test_a_follow_up_is_an_observation_of_the_command_line(clinic: House) -> None:
    """Numbers, marks and improvement land where `recutis update` reads them; peeling stays a note."""
    session, client = under_way(clinic), clinic.client("nurse")
    client.post(f"/sessions/{session.pk}/end/", {"words": "x"})
    told = {
        "session": session.pk, "seen_on": timezone.localdate().isoformat(), "site": "cheek", "redness_days": "6", "peeling_days": "3",
        "pain_0_10": "4", "pih": "no", "gain_fine_lines@periorbital": "30", "words": "Content.",
    }  # fmt: skip
    place = f"/patients/{session.patient_id}/follow-up/"
    answer = client.post(place, {**told, "site": ""})
    assert "Say at which site" in _text(answer)
    assert 'value="6"' in _text(answer)
    assert client.post(place, told).status_code == 302
    kept = FollowUp.objects.get()
    today = timezone.localdate().isoformat()
    assert kept.observation == {
        "session": 1, "date": today, "given": today, "site": "cheek", "redness_days": 6.0, "pain_0_10": 4.0, "pih": False,
        "improvement": {"fine_lines@periorbital": 30.0},
    }  # fmt: skip
    assert kept.words == "Peeling for 3 days.\nContent."
    assert client.get(f"/patients/{session.patient_id}/follow-ups/{kept.pk}/").status_code == 200


def test_a_follow_up_with_nothing_seen_is_refused_in_the_words_of_the_command_line(clinic: House) -> None:
    """Nothing is kept."""
    session, client = under_way(clinic), clinic.client("nurse")
    client.post(f"/sessions/{session.pk}/end/", {"words": "x"})
    told = {"session": session.pk, "seen_on": timezone.localdate().isoformat()}
    answer = client.post(f"/patients/{session.patient_id}/follow-up/", told)
    assert answer.status_code == 422
    assert "nothing is told of what was seen" in _text(answer)
    assert not FollowUp.objects.exists()


# Devices


def test_the_register_shows_what_is_overdue_and_what_a_meter_read(clinic: House) -> None:
    """Entering a laser, a calibration with energies, and the ratio of measured to set."""
    client = clinic.client("clinician")
    assert clinic.client("nurse").post("/devices/add/", {"device": DEVICE, "serial_number": "S"}).status_code == 403
    assert client.post("/devices/add/", {"device": DEVICE, "serial_number": "S", "room": "1"}).status_code == 302
    assert "stands in the register already" in _text(client.post("/devices/add/", {"device": DEVICE, "serial_number": "S"}))
    unit = DeviceUnit.objects.get()
    assert "no service on record" in _text(client.get("/devices/"))
    told = {
        "kind": "calibration", "on": _day(-40).isoformat(), "next_due": _day(-10).isoformat(), "set_energy_mJ": "20",
        "measured_energy_mJ": "18", "by": "Field service",
    }  # fmt: skip
    assert client.post(f"/devices/{unit.pk}/", told).status_code == 302
    page = _text(client.get("/devices/"))
    assert f"calibration was due {written(_day(-10))}" in page
    assert "0.90" in page
    answer = client.post(f"/devices/{unit.pk}/", {**told, "next_due": _day(-50).isoformat(), "measured_energy_mJ": ""})
    assert answer.status_code == 422
    assert "The next day comes after this one" in _text(answer)
    assert "Give both what was set" in _text(answer)


def test_a_reading_of_a_meter_becomes_a_measurement_of_the_clinic_file(clinic: House) -> None:
    """Only where the file lists the laser, and only once."""
    unit, client = laser(clinic), clinic.client("clinician")
    event = unit.events.get(kind="calibration")
    event.set_energy_mJ, event.measured_energy_mJ = 20, 18
    event.save()
    place = f"/devices/{unit.pk}/measurements/{event.pk}/"
    answer = client.post(place, {"sd_mJ": "1"})
    assert "Plans cannot use this measurement" in _text(answer)
    client.post("/devices/clinic-file/", {"devices": [DEVICE], "currency": ""})
    assert client.post(place, {"sd_mJ": "1"}).status_code == 302
    client.post(place, {"sd_mJ": "2"})
    clinic.clinic.refresh_from_db()
    (spot,) = clinic.clinic.devices_file["test_spots"]
    assert (spot["quantity"], spot["value"], spot["sd"], spot["settings"]) == ("energy_mJ", 18.0, 2.0, {"energy_mJ": 20.0})


def test_the_clinic_file_is_held_to_the_rules_of_the_command_line(clinic: House) -> None:
    """A good YAML file is taken over whole; a wrong one changes nothing and says line and place."""
    client = clinic.client("administrator")
    good = "devices: [UltraPulse DeepFX, Fraxel re:store]\nprices: {currency: EUR, per_session: {Fraxel re:store: 400}}\n"
    assert client.post("/devices/clinic-file/import/", {"text": good}).status_code == 302
    clinic.clinic.refresh_from_db()
    kept = clinic.clinic.devices_file
    assert kept["devices"] == ["UltraPulse DeepFX", "Fraxel re:store"]
    for bad, why in (
        ("devices: [UltraPulse DeepFY]\n", "UltraPulse DeepFX"), ("devices: [Fraxel re:store]\nprizes: 1\n", "did you mean 'prices'"),
        ("devices: []\n", "at least one"), ("a: [\n", "not valid YAML"), ("", "Give either a file or its text"),
    ):  # fmt: skip
        answer = client.post("/devices/clinic-file/import/", {"text": bad})
        assert answer.status_code == 422
        assert why in _text(answer)
    clinic.clinic.refresh_from_db()
    assert clinic.clinic.devices_file == kept
    assert client.post("/devices/clinic-file/", {"devices": ["Fraxel re:store"], "currency": "EURO"}).status_code == 422
    answer = client.post(
        "/devices/clinic-file/", {"devices": [DEVICE], "currency": "eur", "price_1": "450", "cooling": ["cold_air"]}
    )
    assert answer.status_code == 302
    clinic.clinic.refresh_from_db()
    assert clinic.clinic.devices_file["prices"] == {"currency": "EUR", "per_session": {"Fraxel re:store": 450.0}}
    assert b"Fraxel re:store" in client.get("/devices/clinic-file/clinic.yaml").content
    assert clinic.client("nurse").get("/devices/clinic-file/").status_code == 403


def test_a_retired_laser_is_taken_off_planned_sessions(clinic: House) -> None:
    """Its record stays."""
    session = session_of(released(clinic))
    unit = session.unit
    assert clinic.client("clinician").post(f"/devices/{unit.pk}/retire/", {"on": _day(0).isoformat()}).status_code == 302
    session.refresh_from_db()
    assert session.unit is None
    assert unit.events.count() == 2


# Whose it is


def _places(plan: CoursePlan) -> list[str]:
    session = session_of(plan)
    unit = plan.clinic.devices.get()
    return [
        f"/plans/{plan.pk}/release/", f"/plans/{plan.pk}/consent/", f"/consents/{plan.consents.get().pk}/", f"/sessions/{session.pk}/",
        f"/sessions/{session.pk}/move/", f"/sessions/{session.pk}/passes/cheek/", f"/devices/{unit.pk}/",
        f"/patients/{plan.patient_id}/sessions/", f"/patients/{plan.patient_id}/follow-up/",
    ]  # fmt: skip


def test_another_clinic_finds_nothing_and_strangers_sign_in(clinic: House) -> None:
    """Every page with an object of this clinic is a 404 for the other one, whatever is done."""
    plan = released(clinic)
    south = house("South")
    for place in _places(plan):
        assert clinic.client("clinician").get(place).status_code in {200, 302}
        for role in ("clinician", "nurse"):
            assert south.client(role).get(place).status_code == 404, place
            assert south.client(role).post(place, {"why": "x"}).status_code in {404, 405}, place
        assert clinic.client("researcher").get(place).status_code == 403, place
        assert Client().get(place).headers["Location"].startswith("/sign-in/")


def test_the_page_of_a_day_asks_the_database_the_same_few_times(clinic: House) -> None:
    """Not once a row."""
    laser(clinic)
    client = clinic.client("nurse")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(f"/sessions/?day={day}").status_code == 200
        return len(seen)

    plan = course(clinic)
    release(plan, clinic.people["clinician"])
    day = session_of(plan).planned_on
    queries()  # the first visit begins the audit of this clinic
    few = queries()
    other = course(clinic, patient=1)
    release(other, clinic.people["clinician"])
    for number in range(10, 30):
        Session.objects.create(
            clinic=clinic.clinic, patient=other.patient, plan=other, number=number, planned_on=day, device=DEVICE
        )
    assert queries() == few


def test_the_course_shows_planned_beside_given(clinic: House) -> None:
    """Per session and site, with what differs."""
    session, client = under_way(clinic), clinic.client("nurse")
    told = {**PASS, "unit": session.unit_id, "knob_energy_mJ": "18", "deviation_reason": "tender", "count": "2"}
    client.post(f"/sessions/{session.pk}/passes/cheek/", told)
    page = _text(client.get(f"/patients/{session.patient_id}/sessions/"))
    assert "20 mJ, 4 %, 2 passes" in page
    assert "2 passes of 18 mJ, 4 %" in page
    assert "Energy: 20 mJ planned, 18 mJ given" in page
    assert "No sessions yet" in _text(client.get(f"/patients/{clinic.patients[1].pk}/sessions/"))
