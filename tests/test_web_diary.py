"""The diary: personal links, the patient's page, triage, alarms and their escalation, the clinic's view."""

from __future__ import annotations

import asyncio
import datetime
import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session as Stored
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DataError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from web_people import House, house
from web_sessions import picture_bytes, released_session

from recutis import evidence
from recutis.course import red_flags
from recutis.course.aftercare import URGENCY
from recutis.course.diary_triage import SIGNS, WORRIED, highest, judge
from recutis.errors import OutOfRangeError, UnknownNameError
from recutis.web.audit.models import AuditEntry
from recutis.web.audit.record import verify
from recutis.web.awake import CHORES
from recutis.web.delivery.models import FollowUp, Session
from recutis.web.diary import alarms, links
from recutis.web.diary.alarms import counted, due_rows, escalate, minutes_for, overdue
from recutis.web.diary.contact import contact
from recutis.web.diary.models import Alarm, DiaryEntry, DiaryLink, OpenHours
from recutis.web.diary.plain import CALL_WORDS, FLAGS, SIGN_WORDS, STAFF_WORDS
from recutis.web.diary.summary import redness_days
from recutis.web.limit import BodyLimit
from recutis.web.photos.models import Photo

ALL_FLAGS = tuple(row.id for row in evidence.rows("aftercare") if row.fields["type"] == "red_flag")
LEVELS = st.dictionaries(st.sampled_from(SIGNS), st.one_of(st.none(), st.floats(0, 10)))
BANDS = st.dictionaries(st.sampled_from(SIGNS), st.floats(0, 10))
EARLIER = st.lists(st.tuples(st.integers(0, 60), LEVELS), max_size=4)
FEVER, DARKER = "AFT-043", "AFT-052"


def rank(urgency: str) -> int:
    """Place of an urgency, the highest first; after all of them for none."""
    return URGENCY.index(urgency) if urgency else len(URGENCY)


# Triage


@given(
    st.lists(st.sampled_from(ALL_FLAGS), unique=True), st.sampled_from((*ALL_FLAGS, WORRIED)), LEVELS, BANDS, EARLIER,
    st.integers(0, 365), st.text(max_size=20),
)  # fmt: skip
def test_one_more_flag_never_lowers_the_urgency(
    ticked: list[str], more: str, levels: dict[str, Any], band: dict[str, float], earlier: list[Any], day: int, words: str
) -> None:
    """Whatever else is entered."""
    told: dict[str, Any] = {"levels": levels, "day": day, "expected_p90": band, "earlier": earlier, "words": words}
    before, after = judge(ticked=ticked, **told), judge(ticked=[*ticked, more], **told)
    assert rank(highest(after)) <= rank(highest(before))
    assert {one.row_id for one in before} <= {one.row_id for one in after}


@given(st.lists(st.sampled_from(ALL_FLAGS), min_size=1, unique=True), LEVELS, BANDS, EARLIER, st.integers(0, 365))
def test_no_number_lowers_what_was_ticked(
    ticked: list[str], levels: dict[str, Any], band: dict[str, float], earlier: list[Any], day: int
) -> None:
    """Being inside the expected band takes nothing away: every ticked flag stands as it would alone."""
    alone = judge(ticked=ticked, day=day)
    found = judge(ticked=ticked, levels=levels, day=day, expected_p90=band, earlier=earlier)
    assert set(alone) <= set(found)
    assert rank(highest(found)) <= rank(highest(alone))


@given(LEVELS, BANDS, st.integers(0, 365), st.sampled_from(SIGNS), st.floats(0, 10))
def test_a_higher_level_never_lowers_the_urgency(
    levels: dict[str, Any], band: dict[str, float], day: int, sign: str, more: float
) -> None:
    """Raising one sign, or entering one that was absent, only ever adds."""
    raised = {**levels, sign: max(levels.get(sign) or 0.0, more)}
    low, high = (judge(levels=one, day=day, expected_p90=band) for one in (levels, raised))
    assert rank(highest(high)) <= rank(highest(low))


def test_the_rules_on_numbers_are_those_of_the_table() -> None:
    """Just inside does nothing, just outside does; a day before the rule's first does nothing."""
    margin = evidence.value("diary.rule.above.pain")
    assert judge(levels={"pain": 3 + margin}, day=4, expected_p90={"pain": 3.0}) == ()
    (found,) = judge(levels={"pain": 3.1 + margin}, day=4, expected_p90={"pain": 3.0})
    assert (found.row_id, found.urgency) == ("diary.rule.above.pain", "same day")
    assert found.what == "pain 5.1 of 10, where 9 in 10 persons have at most 3.0"
    assert judge(levels={"pain": 5.1}, day=0, expected_p90={"pain": 3.0}) == ()
    assert [one.row_id for one in judge(levels={"pain": 8.0}, day=0)] == ["diary.rule.severe.pain"]


def test_pain_that_rises_after_day_2_is_told_and_pain_that_falls_is_not() -> None:
    """The anaesthetic's painless day 0 is no measure of a later one."""
    before = [(0, {"pain": 0.0}), (2, {"pain": 4.0}), (3, {"pain": 2.0})]
    assert [one.row_id for one in judge(levels={"pain": 4.0}, day=4, earlier=before)] == ["diary.rule.rise.pain"]
    assert judge(levels={"pain": 3.0}, day=3, earlier=before[:2]) == ()


def test_words_are_read_by_a_person_and_worry_is_answered_the_same_day() -> None:
    """Words alone raise an item; spaces do not."""
    assert [one.urgency for one in judge(words="itchy", day=3)] == ["24 h"]
    assert judge(words="  ", day=3) == ()
    assert highest(judge(ticked=[WORRIED], words="x", day=3)) == "same day"


def test_bad_triage_input_is_named() -> None:
    """A flag, a sign or a level that there is not."""
    with pytest.raises(UnknownNameError, match="'AFT-001' is not a red flag"):
        judge(ticked=["AFT-001"], day=1)
    with pytest.raises(UnknownNameError, match="'colour' is no sign of the diary; the signs are redness"):
        judge(levels={"colour": 1.0}, day=1)
    with pytest.raises(OutOfRangeError, match="pain is 11; a level is a number from 0"):
        judge(levels={"pain": 11.0}, day=1)


def test_every_flag_urgency_and_sign_has_plain_words() -> None:
    """Nothing falls back on clinical words, and every urgency has a time to answer within it."""
    assert set(ALL_FLAGS) <= set(FLAGS)
    assert set(CALL_WORDS) == set(STAFF_WORDS) == set(URGENCY) == {row.fields["urgency"] for row in due_rows()}
    assert tuple(SIGN_WORDS) == SIGNS
    usual = [evidence.value(row.id) for row in due_rows()]
    assert usual == sorted(usual)


# Links


@pytest.fixture
def clinic() -> House:
    """A clinic with everybody."""
    return house("North")


def _opened(session: Session, house_: House) -> Client:
    """A phone that has followed a personal link."""
    _, token = links.make(session, house_.people["nurse"], days=60)
    phone = Client()
    assert phone.get(reverse("diary:open", args=[token])).status_code == 200
    return phone


def _told(page: str = "", **more: Any) -> dict[str, Any]:
    skips = {f"{sign}_skip": "on" for sign in SIGNS if sign not in more}
    return {"key": str(uuid4()), "day": "3", "words": page, **skips, **more}


@pytest.mark.django_db
def test_a_link_is_made_shown_once_and_kept_as_a_digest(clinic: House) -> None:
    """Text and picture are on one page; the database holds neither."""
    session = released_session(clinic)
    page = clinic.client("nurse").post(
        reverse("diary:make-link", args=[session.patient_id]), {"session": str(session.pk), "days": "60"}
    ).content.decode()  # fmt: skip
    address = re.search(r"http://testserver(/diary/open/[^<\"]+)", page)
    assert address is not None
    assert "<svg" in page
    assert "style=" not in page
    link = DiaryLink.objects.get()
    assert address[1].split("/")[3] not in link.digest
    assert (link.expires_at.date() - timezone.localdate()).days == 60
    answer = Client().get(address[1])
    assert (answer.status_code, answer["Referrer-Policy"]) == (200, "no-referrer")
    cookie = answer.cookies["recutis_diary"]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/diary/", "Strict", True)
    assert session.patient.family_name not in answer.content.decode()
    assert str(address[1].split("/")[3]) not in answer.content.decode()


@pytest.mark.django_db
def test_a_link_needs_a_released_plan_and_sane_days(clinic: House) -> None:
    """Neither a draft nor a link of ten years."""
    session = released_session(clinic)
    nurse, where = clinic.client("nurse"), reverse("diary:make-link", args=[session.patient_id])
    answer = nurse.post(where, {"session": str(session.pk), "days": "3650"})
    assert answer.status_code == 422
    assert "not 3650" in answer.content.decode()
    session.plan.withdrawn_at = timezone.now()
    session.plan.save()
    nurse.post(where, {"session": str(session.pk), "days": "60"})
    assert nurse.post(where, {"session": "nonsense", "days": "60"}).status_code == 404
    assert not DiaryLink.objects.exists()


@pytest.mark.django_db
def test_wrong_revoked_and_expired_links_say_nothing_about_anybody(clinic: House) -> None:
    """A calm page with the clinic's number, the same for all; also for a phone that opened the link before."""
    session = released_session(clinic)
    phone = _opened(session, clinic)
    assert phone.get("/diary/").status_code == 200
    link, token = links.make(session, clinic.people["nurse"], days=60)
    DiaryLink.objects.update(revoked_at=timezone.now())
    gone = [Client().get(f"/diary/open/{token}/"), phone.get("/diary/"), phone.post("/diary/", _told(pain="9"))]
    DiaryLink.objects.update(revoked_at=None, expires_at=timezone.now() - datetime.timedelta(minutes=1))
    gone += [Client().get(f"/diary/open/{token}/"), phone.get("/diary/")]
    wrong = [Client().get("/diary/open/abc/"), Client().get(f"/diary/open/{token[:-2]}xx/"), Client().get("/diary/")]
    assert {one.status_code for one in gone} == {410}
    assert {one.status_code for one in wrong} == {404}
    for answer in (*gone, *wrong):
        page = answer.content.decode()
        assert "+43 1 000" in page
        assert session.patient.family_name not in page
        assert "Day " not in page
    assert not DiaryEntry.objects.exists()
    assert link.session == session


@pytest.mark.django_db
def test_a_link_opens_its_own_session_only(clinic: House) -> None:
    """Another patient's entry is not shown, and a forged cookie opens nothing."""
    one, two = released_session(clinic), released_session(clinic, patient=1)
    phone, other = _opened(one, clinic), _opened(two, clinic)
    phone.post("/diary/", _told(pain="2"))
    entry = DiaryEntry.objects.get()
    assert phone.get(f"/diary/saved/{entry.pk}/").status_code == 200
    assert other.get(f"/diary/saved/{entry.pk}/").status_code == 302
    forger = Client()
    forger.cookies["recutis_diary"] = str(DiaryLink.objects.first().pk)  # type: ignore[union-attr]
    assert forger.get("/diary/").status_code == 404
    for place in (reverse("diary:patient", args=[one.patient_id]), reverse("diary:inbox"), "/"):
        assert phone.get(place).status_code == 302


# The page on the phone


@pytest.mark.django_db
def test_the_page_tells_the_day_what_is_expected_and_the_flags_of_this_device(clinic: House) -> None:
    """Day 3 of a fractional ablative laser."""
    phone = _opened(released_session(clinic, days_ago=3), clinic)
    page = phone.get("/diary/").content.decode()
    assert "Day 3 after your session" in page
    ids = set(re.findall(r'name="flags" value="([^"]+)"', page))
    assert ids == {flag.row_id for flag in red_flags("ablative_fractional_eryag", day=3)} | {WORRIED}
    assert "Day 3: expected and entered" in page
    assert "petrolatum" in page
    assert page.count("checked") == len(SIGNS)
    for day in ("9" * 5000, "-1", "4", "x", "²"):
        assert "Day 3 after" in phone.get("/diary/", {"day": day}).content.decode()
    assert "Day 1 after" in phone.get("/diary/?day=1").content.decode()
    assert "Given0" not in page


@pytest.mark.django_db
def test_before_the_session_and_after_the_plan_was_withdrawn(clinic: House) -> None:
    """Days to go; and a diary that still takes flags of its device, without predictions of a plan that does not hold."""
    ahead = _opened(released_session(clinic, days_ago=-5), clinic)
    assert "Your session is in 5 days" in ahead.get("/diary/").content.decode()
    assert ahead.post("/diary/", _told(day="0", pain="2")).status_code == 422
    session = released_session(clinic)
    phone = _opened(session, clinic)
    session.plan.withdrawn_at = timezone.now()
    session.plan.save()
    page = phone.get("/diary/").content.decode()
    assert "The plan tells nothing about this day" in page
    assert "AFT-042" in page


@pytest.mark.django_db
def test_absent_is_not_zero(clinic: House) -> None:
    """A sign marked 'not today' is kept as nothing, a slider at 0 as 0."""
    phone = _opened(released_session(clinic), clinic)
    phone.post("/diary/", _told(pain="0", redness="4"))
    entry = DiaryEntry.objects.get()
    assert (entry.pain, entry.redness, entry.swelling, entry.day) == (0.0, 4.0, None, 3)
    assert entry.on == timezone.localdate()
    assert not Alarm.objects.exists()
    page = phone.get(f"/diary/saved/{entry.pk}/").content.decode()
    assert "Saved. Thank you." in page
    assert "not entered" in page
    assert "expected: 3 to 6 of 10" in page


@pytest.mark.django_db
def test_the_same_entry_sent_twice_is_one_and_a_changed_one_is_kept_beside_it(clinic: House) -> None:
    """The answer was lost on the way: sending again adds nothing; with one word more it is a second entry."""
    phone = _opened(released_session(clinic), clinic)
    told = _told("burns a bit", pain="9", flags=[FEVER])
    places = [phone.post("/diary/", told)["Location"] for _ in range(2)]
    assert places[0] == places[1]
    assert (DiaryEntry.objects.count(), Alarm.objects.count()) == (1, 1)
    phone.post("/diary/", told | {"words": "burns a lot"})
    assert (DiaryEntry.objects.count(), Alarm.objects.count()) == (2, 2)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "Nothing was entered"),
        ({"pain": "11"}, "less than or equal to 10"),
        ({"day": "4", "pain": "1"}, "Day 4 has not come yet; today is day 3."),
        ({"flags": ["AFT-001"]}, "This page is out of date"),
        ({"flags": ["diary.rule.above.pain"]}, "This page is out of date"),
        ({"pain": "nan"}, "Enter a number"),
        ({"day": "9" * 5000, "pain": "1"}, "Not saved yet"),
        ({"key": "x", "pain": "1"}, "Not saved yet"),
        ({"pain": "2", "photo": SimpleUploadedFile("x.jpg", b"<svg onload=alert(1)>")}, "not a photograph that can be read"),
    ],
)
def test_a_refused_entry_says_why_and_loses_nothing(clinic: House, told: dict[str, Any], why: str) -> None:
    """Status 422, the words still in their field."""
    phone = _opened(released_session(clinic), clinic)
    answer = phone.post("/diary/", _told(**{"page": "" if not told else "my own words", **told}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert why in page
    assert not told or "my own words</textarea>" in page
    assert not DiaryEntry.objects.exists()


@pytest.mark.django_db
def test_a_photograph_comes_with_the_entry(clinic: House) -> None:
    """Kept for care of this patient, never for teaching by itself; staff see it."""
    session = released_session(clinic)
    phone = _opened(session, clinic)
    for _ in range(2):
        sent = SimpleUploadedFile("../../evil.php", picture_bytes())
        phone.post("/diary/", _told(key="8d2f1e52-0d1c-4ad8-8f6e-33a2f3a4b9c1", photo=sent))
    photo = Photo.objects.get()
    assert (photo.diary_entry, photo.session, photo.teaching_allowed) == (DiaryEntry.objects.get(), session, False)
    assert clinic.client("nurse").get(reverse("photos:file", args=[session.patient_id, photo.pk])).status_code == 200
    assert phone.get(reverse("photos:file", args=[session.patient_id, photo.pk])).status_code == 302


@pytest.mark.django_db
def test_what_a_patient_does_is_in_the_clinics_audit(clinic: House) -> None:
    """Opening, viewing and entering, with the patient's id and without a name of nobody."""
    session = released_session(clinic)
    phone = _opened(session, clinic)
    phone.get("/diary/")
    phone.post("/diary/", _told(pain="9"))
    entries = AuditEntry.objects.filter(chain=str(clinic.clinic.pk)).order_by("number")
    assert [one.action for one in entries] == ["diary opened by link", "diary viewed", "diary entry"]
    assert {one.who for one in entries} == {"the patient, by personal link"}
    assert {one.patient_id_text for one in entries} == {str(session.patient_id)}
    assert verify().faults == ()


# Advice and numbers


@pytest.mark.django_db
def test_the_highest_urgency_wins_on_the_page_at_once(clinic: House) -> None:
    """Fever beside a small thing: the emergency number first, both told, one alarm due in a quarter of an hour."""
    phone = _opened(released_session(clinic), clinic)
    answer = phone.post("/diary/", _told(pain="1", flags=[DARKER, FEVER]), follow=True)
    page = answer.content.decode()
    assert "Call 112 now" in page
    assert 'href="tel:112"' in page
    assert page.index("Fever over 38") < page.index("Skin that gets darker")
    alarm = Alarm.objects.get()
    assert (alarm.urgency, alarm.flags) == ("immediate", [FEVER, DARKER])
    assert abs((alarm.due_at - timezone.now()).total_seconds() - 15 * 60) < 30
    assert "Call 112 now" in alarm.advice_given


@pytest.mark.django_db
def test_numbers_follow_the_hours_of_the_clinic(clinic: House) -> None:
    """In its hours the clinic's number, then the out-of-hours one; what can wait waits; the emergency number always."""
    monday = timezone.make_aware(datetime.datetime(2026, 11, 23, 10, 0))
    night = monday + datetime.timedelta(hours=12)

    def first(urgency: str, at: datetime.datetime) -> str | None:
        number = contact(clinic.clinic, urgency, at).first
        return number.shown if number else None

    assert first("same day", night) == "+43 1 000"
    assert contact(clinic.clinic, "same day", night).then.shown == "+43 1 999"  # type: ignore[union-attr]
    OpenHours.objects.create(clinic=clinic.clinic, weekday=0, opens=datetime.time(8), closes=datetime.time(18))
    assert first("same day", monday) == "+43 1 000"
    assert [first(one, night) for one in ("same day", "24 h", "48 h")] == ["+43 1 999"] * 3
    assert first("within 2 weeks", night) == "+43 1 000"
    assert {first("immediate", one) for one in (monday, night)} == {"112"}
    clinic.clinic.out_of_hours_phone = ""
    assert first("same day", night) == "112"
    clinic.clinic.phone = ""
    assert first("", monday) == "112"
    assert contact(clinic.clinic, "same day", monday).first.dial == "112"  # type: ignore[union-attr]


# Alarms


def _alarm(house_: House, flags: list[str], *, patient: int = 0) -> Alarm:
    session = released_session(house_, patient=patient)
    _opened(session, house_).post("/diary/", _told(flags=flags))
    return Alarm.objects.get(entry__session=session)


@pytest.mark.django_db
def test_unanswered_alarms_go_up_a_step_and_never_away(clinic: House) -> None:
    """Past its time it is overdue for every clinician on every page, put off by half its time, again and again."""
    alarm = _alarm(clinic, [FEVER])
    assert escalate in CHORES
    assert escalate() == 0
    nurse = clinic.client("nurse")
    assert "not answered in time" not in nurse.get("/me/").content.decode()
    for step in (1, 2, 3):
        Alarm.objects.update(due_at=timezone.now() - datetime.timedelta(seconds=1))
        assert escalate() == 1
        alarm.refresh_from_db()
        assert alarm.escalations == step
        assert abs((alarm.due_at - timezone.now()).total_seconds() - 7.5 * 60) < 30
        assert overdue(alarm)
    assert escalate() == 0
    for role, shown in (("clinician", True), ("nurse", True), ("front_desk", False), ("researcher", False)):
        assert ("not answered in time" in clinic.client(role).get("/me/").content.decode()) is shown
    assert counted(clinic.clinic.pk) == (1, 1)
    assert nurse.get("/inbox/bell/?late=1").status_code == 204
    assert "1 alarm not answered in time" in nurse.get("/inbox/bell/?late=0").content.decode()
    told = AuditEntry.objects.filter(action="alarm not answered in time")
    assert [one.detail["escalations"] for one in told.order_by("number")] == [1, 2, 3]


@pytest.mark.django_db
def test_one_alarm_that_cannot_be_raised_does_not_hold_the_others_back(
    clinic: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is in the log, and the others go up a step."""
    for number in (0, 1):
        session = released_session(clinic, patient=number)
        _opened(session, clinic).post("/diary/", _told(flags=[FEVER]))
    Alarm.objects.update(due_at=timezone.now() - datetime.timedelta(minutes=1), escalations=32_767)
    raised, bad = alarms._escalated, Alarm.objects.first()
    assert bad

    def refused(pk: object, now: datetime.datetime) -> bool:
        if pk == bad.pk:
            raise DataError
        return raised(pk, now)

    monkeypatch.setattr(alarms, "_escalated", refused)
    assert escalate() == 1
    assert f"the alarm {bad.pk} could not be raised" in caplog.text
    assert {one.escalations for one in Alarm.objects.all()} == {32_767}


@pytest.mark.django_db
def test_an_alarm_is_closed_by_a_named_person_with_what_was_done(clinic: House) -> None:
    """Not without an answer; the first answer stands when two people answer."""
    alarm = _alarm(clinic, [FEVER])
    where, nurse = reverse("diary:alarm", args=[alarm.pk]), clinic.client("nurse")
    empty = nurse.post(where, {"words": " "})
    assert empty.status_code == 422
    assert "closed with an answer only" in empty.content.decode()
    told = {"done": "emergency", "words": "Ambulance is on its way."}
    assert nurse.post(where, told).status_code == 302
    late = clinic.client("clinician").post(where, {"done": "called", "words": "All well."})
    assert late.status_code == 409
    assert "Your answer was not saved over it" in late.content.decode()
    alarm.refresh_from_db()
    assert alarm.acknowledged_by == clinic.people["nurse"]
    assert alarm.outcome == "Sent to an emergency department. Ambulance is on its way."
    Alarm.objects.update(due_at=timezone.now() - datetime.timedelta(days=1))
    assert escalate() == 0


@pytest.mark.django_db
def test_the_inbox_is_sorted_polled_in_silence_and_empty_at_first(clinic: House) -> None:
    """Overdue first, then urgency, then due; its queries do not grow with the alarms."""
    nurse = clinic.client("nurse")
    assert "Nothing waits" in nurse.get("/inbox/").content.decode()
    minor = _alarm(clinic, [DARKER])
    with CaptureQueriesContext(
        connection,
    ) as few:
        nurse.get("/inbox/list/")
    major, same_day = _alarm(clinic, [FEVER], patient=1), _alarm(clinic, ["AFT-047"], patient=1)
    late = _alarm(clinic, ["AFT-050"], patient=1)
    Alarm.objects.filter(pk=late.pk).update(due_at=timezone.now() - datetime.timedelta(minutes=1))
    count = AuditEntry.objects.count()
    with CaptureQueriesContext(connection) as many:
        page = nurse.get("/inbox/list/").content.decode()
    assert len(many) == len(few)
    assert AuditEntry.objects.count() == count
    places = [page.index(reverse("diary:alarm", args=[one.pk])) for one in (late, major, same_day, minor)]
    assert places == sorted(places)


@pytest.mark.django_db
def test_a_clinic_sets_its_times_within_what_is_safe(clinic: House) -> None:
    """A clinician changes them; an hour for what is immediate is refused; alarms follow the new times."""
    doctor, where = clinic.client("clinician"), reverse("diary:times")
    fields = re.findall(r'name="(due_[a-z0-9_]+)" value="(\d+)"', doctor.get(where).content.decode())
    told = dict(fields) | {"opens_0": "08:00", "closes_0": "18:00"}
    assert len(fields) == len(URGENCY)
    assert doctor.post(where, told | {"due_immediate": "60"}).status_code == 422
    assert "before it opens" in doctor.post(where, told | {"closes_0": "07:00"}).content.decode()
    assert doctor.post(where, told | {"due_immediate": "5"}).status_code == 302
    clinic.clinic.refresh_from_db()
    assert minutes_for(clinic.clinic, "immediate") == 5
    assert minutes_for(house("South").clinic, "immediate") == 15
    assert clinic.clinic.open_hours.get().weekday == 0
    assert clinic.client("nurse").get(where).status_code == 403


# The clinic's view


@pytest.mark.django_db
def test_only_those_who_treat_see_a_diary_and_only_in_their_clinic(clinic: House) -> None:
    """Other roles are refused; another clinic finds nothing."""
    alarm = _alarm(clinic, [FEVER])
    session, south = alarm.entry.session, house("South")
    link = DiaryLink.objects.get()
    pages = [
        reverse("diary:patient", args=[alarm.patient_id]), reverse("diary:alarm", args=[alarm.pk]),
        f"{reverse('diary:observation', args=[alarm.patient_id])}?session={session.pk}",
    ]  # fmt: skip
    posts = [reverse("diary:make-link", args=[alarm.patient_id]), reverse("diary:revoke-link", args=[alarm.patient_id, link.pk])]
    for page in pages:
        assert clinic.client("nurse").get(page).status_code == 200
        assert south.client("clinician").get(page).status_code == 404
    for post in posts:
        assert south.client("clinician").post(post, {"session": str(session.pk), "days": "60"}).status_code == 404
    for role in ("front_desk", "researcher", "administrator"):
        assert {clinic.client(role).get(page).status_code for page in (*pages, "/inbox/", "/inbox/list/")} == {403}
        assert {clinic.client(role).post(post).status_code for post in posts} == {403}
    link.refresh_from_db()
    assert link.revoked_at is None
    assert "Family0 North" not in south.client("nurse").get("/inbox/").content.decode()


@pytest.mark.django_db
def test_a_diary_is_read_against_what_was_expected(clinic: House) -> None:
    """The newest entry of a day counts, what lies above is marked with a sign and words, not by colour alone."""
    session = released_session(clinic)
    phone = _opened(session, clinic)
    phone.post("/diary/", _told(day="1", pain="2"))
    phone.post("/diary/", _told(day="1", pain="9", words="<b>sore</b>"))
    page = clinic.client("nurse").get(reverse("diary:patient", args=[session.patient_id])).content.decode()
    assert "▲ 9" in page
    assert "more than expected" in page
    assert "&lt;b&gt;sore" in page
    assert "Pain: entered on 1 day, more than expected on day 1." in page
    assert "1 replaced by a later one" in page
    assert "0, 2" in page


@pytest.mark.django_db
def test_the_page_of_a_diary_asks_the_database_no_more_for_more_entries(clinic: House) -> None:
    """One day or ten."""
    session = released_session(clinic, days_ago=12)
    phone, nurse, where = _opened(session, clinic), clinic.client("nurse"), reverse("diary:patient", args=[session.patient_id])
    phone.post("/diary/", _told(day="1", pain="9"))
    with CaptureQueriesContext(connection) as few:
        nurse.get(where)
    for day in range(2, 12):
        phone.post("/diary/", _told(day=str(day), pain="9"))
    with CaptureQueriesContext(connection) as many:
        nurse.get(where)
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("levels", "days", "words"),
    [
        ({}, None, "none was entered"),
        ({1: 5.0, 3: 2.0}, None, "still 2 of 10 on day 3"),
        ({1: 5.0, 3: 1.0, 4: 0.0}, 3.0, "from day 3 on it was 1 of 10 or less; the entry before it is of day 1"),
        ({1: 0.0, 2: 4.0, 3: 1.0}, 3.0, "from day 3 on"),
    ],
)
def test_days_of_redness_are_counted_to_the_day_it_stays_away(levels: dict[int, float], days: float | None, words: str) -> None:
    """A day without redness before a red one does not end it."""
    found, told = redness_days(levels)
    assert found == days
    assert words in told


@pytest.mark.django_db
def test_a_clinician_confirms_the_observation_and_nobody_else(clinic: House) -> None:
    """Figures come from the diary; peeling is left out because nothing is learnt from it."""
    session = released_session(clinic, days_ago=9)
    phone = _opened(session, clinic)
    for day, redness in ((1, "6"), (5, "3"), (7, "1")):
        phone.post("/diary/", _told(day=str(day), redness=redness, peeling="2"))
    where = reverse("diary:observation", args=[session.patient_id])
    page = clinic.client("nurse").get(f"{where}?session={session.pk}").content.decode()
    assert 'name="redness_days" value="7.0"' in page
    assert "nothing from peeling" in page
    told = {"session": str(session.pk), "seen_on": timezone.localdate().isoformat(), "redness_days": "7"}
    clinic.client("nurse").post(where, told | {"confirmed": "on"})
    doctor = clinic.client("clinician")
    assert doctor.post(where, told).status_code == 422
    assert not FollowUp.objects.exists()
    empty = doctor.post(where, {key: value for key, value in told.items() if key != "redness_days"} | {"confirmed": "on"})
    assert "nothing is told of what was seen" in empty.content.decode()
    assert doctor.post(where, told | {"confirmed": "on"}).status_code == 302
    kept = FollowUp.objects.get()
    assert kept.observation == {
        "session": 1, "date": timezone.localdate().isoformat(), "given": session.planned_on.isoformat(), "redness_days": 7.0,
    }  # fmt: skip


@pytest.mark.django_db
def test_an_open_inbox_does_not_keep_a_session_alive(clinic: House) -> None:
    """The list that asks by itself is no use of the session; opening the page is."""
    nurse = clinic.client("nurse")
    nurse.get("/inbox/")
    ending = timezone.now() + datetime.timedelta(minutes=2)
    Stored.objects.update(expire_date=ending)
    assert nurse.get("/inbox/list/").status_code == 200
    assert Stored.objects.get().expire_date == ending
    nurse.get("/inbox/")
    assert Stored.objects.get().expire_date > ending


# What a request may send


async def _sent(sizes: list[int], *, told: int | None) -> tuple[list[str], int]:
    """Types of what was answered, and how many bytes the application was given."""
    seen, answered = 0, []
    chunks = [{"type": "http.request", "body": b"x" * size, "more_body": True} for size in sizes]

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        nonlocal seen
        for _ in sizes:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            seen += len(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        return chunks.pop(0)

    async def send(message: Any) -> None:
        answered.append(str(message.get("status", message["type"])))

    headers = [] if told is None else [(b"content-length", str(told).encode())]
    await BodyLimit(application, most=100)({"type": "http", "headers": headers}, receive, send)
    return answered, seen


@pytest.mark.parametrize(
    ("sizes", "told", "answer"),
    [
        ([60, 40], 100, (["200"], 100)),
        ([60, 41], 101, (["413", "http.response.body"], 0)),
        ([60, 41], None, ([], 60)),
        ([101], 5, ([], 0)),
    ],
)
def test_a_request_that_sends_too_much_is_ended(sizes: list[int], told: int | None, answer: tuple[list[str], int]) -> None:
    """By what it says, and by what it sends when it says nothing or something else."""
    assert asyncio.run(_sent(sizes, told=told)) == answer
