"""What must hold before a laser is fired: gates that the record answers, and items that a person ticks on the day."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from recutis.classes import matches
from recutis.units import DAYS_PER_WEEK
from recutis.web.delivery.consent import consent_for
from recutis.web.delivery.course import SPOT, interval_weeks, option_of, phase_at, plan_of, spot_wait
from recutis.web.delivery.register import stands_for
from recutis.web.delivery.release import given_on
from recutis.web.delivery.standing import ruled_out
from recutis.web.templatetags.recutis_words import day as written

if TYPE_CHECKING:
    from recutis.plan.document import Option, PhaseDocument
    from recutis.web.accounts.models import User
    from recutis.web.delivery.models import Session
    from recutis.web.planning.models import CoursePlan

_ANTIVIRAL: Final = "Antiviral"  # how plan.care begins the sentence
_EYES: Final = "eye protection"  # condition of the row SCR-045
_LONGEST_WORDS: Final = 200
_OFFERS_NOTHING: Final = frozenset({"deferred", "refer", "blocked"})


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Something that the record answers; nobody can tick it away."""

    name: str
    title: str
    holds: bool
    words: str
    link: str = ""
    link_words: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something that a person looks at on the day. A question must be answered with no; `asks` is what must be typed."""

    name: str
    title: str
    words: str
    kind: Literal["tick", "question"] = "tick"
    asks: str = ""
    answer: str = ""
    typed: str = ""
    by: str = ""
    at: str = ""
    stale: bool = False
    link: str = ""

    @property
    def heading(self) -> str:
        """The title as it stands above the words."""
        return self.title.removesuffix(".")

    @property
    def holds(self) -> bool:
        """Whether it is answered today in the way that lets the session start."""
        return not self.stale and self.answer == ("no" if self.kind == "question" else "yes")


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """All of it for one session."""

    gates: tuple[Gate, ...]
    items: tuple[Item, ...]
    cautions: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """What still keeps the session from starting, in words."""
        return (*(f"{gate.title}: {gate.words}" for gate in self.gates if not gate.holds), *map(_open_words, self.open_items))

    @property
    def open_items(self) -> tuple[Item, ...]:
        """Items that are not answered as they must be."""
        return tuple(item for item in self.items if not item.holds)

    @property
    def done(self) -> int:
        """How many gates and items hold."""
        return sum(gate.holds for gate in self.gates) + sum(item.holds for item in self.items)

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.gates) + len(self.items)


def _open_words(item: Item) -> str:
    if item.kind == "question" and item.answer == "yes" and not item.stale:
        return f"{item.title} Answered yes: do not treat. A clinician decides, and the plan is made again."
    return f"{item.title} Not {'answered' if item.kind == 'question' else 'ticked'} yet."


def checklist_of(session: Session, *, today: datetime.date | None = None) -> Checklist:
    """Gates and items of a session as they stand now."""
    option = option_of(session.plan)
    day = today or timezone.localdate()
    if option is None:
        gate = Gate(name="released", title="Plan", holds=False, words="the plan has no option.")
        return Checklist(gates=(gate,), items=(), cautions=())
    phase = phase_at(option, kind=session.kind, number=session.number)
    gates = [_released(session), _screening(session, phase), _newest(session), _consent(session), _device(session, phase, day)]
    if session.kind != SPOT and option.test_spot is not None:
        gates.append(_spot_gate(session, option))
    answered = day if session.state == "planned" else given_on(session)
    items = tuple(_with_answer(item, session.checklist, answered) for item in _items(session, phase))
    return Checklist(gates=tuple(gates), items=items, cautions=tuple(_cautions(session, option, day)))


def _released(session: Session) -> Gate:
    plan = session.plan
    if plan.released:
        by = plan.released_by.full_name if plan.released_by else ""
        words = f"released by {by} on {written(timezone.localdate(plan.released_at))}."
        return Gate(name="released", title="Plan", holds=True, words=words)
    words = "its release was withdrawn." if plan.withdrawn_at else "not released by a clinician yet."
    return Gate(
        name="released", title="Plan", holds=False, words=words, link=reverse("delivery:release", args=[plan.pk]),
        link_words="To the release",
    )  # fmt: skip


def _screening(session: Session, phase: PhaseDocument) -> Gate:
    """The record as it stands today, which may say more than it did when the plan was made."""
    stop = ruled_out(session.patient, [phase])
    if not stop:
        return Gate(name="screening", title="Screening", holds=True, words="nothing in the record rules this laser out today.")
    return Gate(
        name="screening", title="Screening", holds=False, words=stop, link=reverse("patients:consultation", args=[session.patient_id]),
        link_words="To the consultation",
    )  # fmt: skip


def _newest(session: Session) -> Gate:
    """What was learnt since the plan was made: an update that says stop, or a newer plan that offers nothing."""
    plan = session.plan

    def gate(words: str, *, holds: bool = False, link: str = "", link_words: str = "") -> Gate:
        return Gate(name="newest", title="Newest plan", holds=holds, words=words, link=link, link_words=link_words)

    update = plan.patient.jobs.filter(kind="update", state="done", document__previous=str(plan.pk)).first()
    if update is not None and ((update.result or {}).get("update") or {}).get("verdict") == "stop":
        link = reverse("planning:seen", args=[update.pk])
        return gate("what was seen since says: stop here.", link=link, link_words="What was seen")
    newer = _newer(session)
    if newer is not None and newer.status in _OFFERS_NOTHING:
        link = reverse("planning:plan", args=[newer.pk])
        words = f"a plan made on {timezone.localdate(newer.made_at)} offers no treatment."
        return gate(words, link=link, link_words="To that plan")
    return gate("no newer finding stops this course.", holds=True)


def _newer(session: Session) -> CoursePlan | None:
    made_at = session.plan.made_at
    return session.patient.plans.filter(made_at__gt=made_at).defer("document", "observation").order_by("-made_at").first()


def _consent(session: Session) -> Gate:
    found = consent_for(session.plan)
    if found is not None:
        words = f"signed by {found.signed_name} on {written(timezone.localdate(found.signed_at))} for this plan."
        return Gate(
            name="consent", title="Consent", holds=True, words=words, link=reverse("delivery:consent", args=[found.pk]),
            link_words="Show",
        )  # fmt: skip
    earlier = session.patient.consents.exclude(plan_id=session.plan_id).filter(withdrawn_at=None).exists()
    words = "not signed for this plan" + ("; an earlier plan's consent does not count." if earlier else ".")
    return Gate(
        name="consent", title="Consent", holds=False, words=words, link=reverse("delivery:sign", args=[session.plan_id]),
        link_words="Read and sign",
    )  # fmt: skip


def _device(session: Session, phase: PhaseDocument, day: datetime.date) -> Gate:
    link = reverse("delivery:devices")
    if session.unit is None:
        words = f"no laser is booked for this session. It needs a {phase.device}."
        return Gate(
            name="device", title="Laser", holds=False, words=words, link=reverse("delivery:move", args=[session.pk]),
            link_words="Book one",
        )  # fmt: skip
    unit = session.unit
    if unit.device != phase.device:
        words = f"{unit} is booked, but the plan was made for a {phase.device}."
        return Gate(
            name="device", title="Laser", holds=False, words=words, link=reverse("delivery:move", args=[session.pk]),
            link_words="Book another",
        )  # fmt: skip
    wrong = stands_for(unit, day)
    room = f", room {unit.room}" if unit.room else ""
    words = " ".join(wrong) if wrong else f"{unit}{room}: service and calibration are in date."
    return Gate(
        name="device", title="Laser", holds=not wrong, words=words, link=link if wrong else "", link_words="To the devices"
    )


def reading_of(session: Session) -> Mapping[str, Any] | None:
    """What was seen at the plan's test spot, newest reading last; None when nobody has read it."""
    read = [
        one for one in session.plan.follow_ups.order_by("seen_on", "entered_at")
        if one.observation.get("session") == SPOT or one.observation.get("test_spot")
    ]  # fmt: skip
    return {**read[-1].observation, "seen_on": read[-1].seen_on} if read else None


def spot_failed(observation: Mapping[str, Any]) -> bool:
    """Whether an observation tells of a test spot that failed: said so, or dark marks or blisters came."""
    return observation.get("test_spot") == "failed" or bool(observation.get("pih")) or bool(observation.get("blister"))


def _spot_gate(session: Session, option: Option) -> Gate:
    spot = session.plan.sessions.filter(kind=SPOT).exclude(state="cancelled").first()

    def gate(words: str, *, holds: bool = False, link: str = "", link_words: str = "") -> Gate:
        return Gate(name="test_spot", title="Test spot", holds=holds, words=words, link=link, link_words=link_words)

    if spot is None or spot.state != "done":
        when = f" It is planned for {written(spot.planned_on)}." if spot else ""
        link = reverse("delivery:session", args=[spot.pk]) if spot else ""
        return gate(f"not made yet.{when}", link=link, link_words="To the test spot")
    read_from = given_on(spot) + spot_wait(option)
    follow = reverse("delivery:follow-up", args=[session.patient_id]) + f"?session={spot.pk}"
    seen = reading_of(session)
    if seen is None:
        return gate(
            f"made on {given_on(spot)}, not read yet. Read it on {read_from} or later.", link=follow, link_words="Read it"
        )
    if spot_failed(seen):
        return gate(f"failed on {seen['seen_on']}. Make a new plan from what was seen.", link=follow)
    if seen.get("test_spot") != "passed":
        return gate(f"looked at on {seen['seen_on']}, but nobody said that it passed.", link=follow, link_words="Read it")
    if seen["seen_on"] < read_from:
        return gate(
            f"read on {seen['seen_on']}, too early: it is read on {read_from} or later.", link=follow, link_words="Read it again"
        )
    return gate(f"clean on {seen['seen_on']}.", holds=True)


def _items(session: Session, phase: PhaseDocument) -> list[Item]:
    patient, plan = session.patient, plan_of(session.plan)
    eyes = phase.eyewear
    found = [
        Item(
            name="identity", title="Identity.",
            words=f"The patient says name and date of birth: {patient.name}, {written(patient.birth_date)}. No. {patient.number}.",
        ),
        Item(
            name="eyewear", title="Eye protection.",
            words=f"Everyone in the room: optical density {eyes.optical_density:g} or more at {eyes.wavelength_nm} nm, read from "
            f"the eyewear. Patient: {eyes.patient}.",
        ),
    ]  # fmt: skip
    if matches("ablative_any", phase.device_class):
        found.append(
            Item(
                name="smoke", title="Smoke.",
                words="This laser vaporises skin. Evacuator on, nozzle at the skin, filtering masks on.",
            )
        )  # fmt: skip
    if any(text.startswith(_ANTIVIRAL) for text in phase.prophylaxis):
        words = next(text for text in phase.prophylaxis if text.startswith(_ANTIVIRAL))
        found.append(Item(name="herpes", title="Herpes prophylaxis is taken.", words=words, asks="Prescriber"))
    found += [
        Item(name=f"rule {entry.rule_id}", title=f"{entry.condition.capitalize()}.", words=entry.required_action)
        for entry in plan.screening
        if entry.state == "checklist" and entry.condition != _EYES
    ]
    signed = consent_for(session.plan)
    if signed is not None and not signed.photos_for_care:
        return [*found, *_questions(session)]
    taken = session.patient.photos.filter(taken_on=timezone.localdate(), removed_at=None).count()
    photos = f"{taken} of today in the record." if taken else "None of today in the record yet."
    found.append(Item(name="photos", title="Photographs before treatment are taken.", words=photos, link=_photos_page(session)))
    return [*found, *_questions(session)]


def _photos_page(session: Session) -> str:
    try:
        return reverse("photos:patient", kwargs={"patient_id": session.patient_id})
    except NoReverseMatch:
        return ""


def _questions(session: Session) -> list[Item]:
    person = (session.patient.file or {}).get("patient") or {}
    asked = [
        Item(
            name="isotretinoin", kind="question", title="Isotretinoin or another new medicine since the plan was made?",
            words="Acne tablets such as isotretinoin, blood thinners, antibiotics, light-sensitising medicines.",
        ),
        Item(
            name="tan", kind="question", title="Tanned, sunburnt or wearing self-tanner?",
            words="Look at the site, and ask about the last four weeks.",
        ),
        Item(
            name="infection", kind="question", title="Cold sore, infection, rash or open skin at the site today?",
            words="Look at the site and at the lips.",
        ),
    ]  # fmt: skip
    if isinstance(person, dict) and person.get("pregnant") is not None:
        words = "Ask; no test is needed for the question."
        asked.append(Item(name="pregnancy", kind="question", title="Pregnant, or possibly pregnant?", words=words))
    return asked


def _with_answer(item: Item, kept: Mapping[str, Any], day: datetime.date) -> Item:
    found = kept.get(item.name)
    if not isinstance(found, dict):
        return item
    at = timezone.localtime(datetime.datetime.fromisoformat(found["at"]))
    return replace(
        item, answer=found["answer"], typed=found.get("typed", ""), by=found["by"], at=f"{written(at.date())}, {at:%H:%M}",
        stale=at.date() != day,
    )  # fmt: skip


def _cautions(session: Session, option: Option, day: datetime.date) -> list[str]:
    words = []
    if session.state == "planned" and session.planned_on != day:
        words.append(f"This session is booked for {written(session.planned_on)}, not for today.")
    newer = _newer(session)
    if session.state == "planned" and newer is not None and newer.status not in _OFFERS_NOTHING:
        made = timezone.localdate(newer.made_at)
        words.append(f"A newer plan was made on {written(made)} and is not released. Read it before you treat by this one.")
    signed = consent_for(session.plan)
    if signed is not None and not signed.photos_for_care:
        words.append("The patient has not agreed to photographs. Take none.")
    if session.kind == SPOT:
        return words
    weeks = interval_weeks(option, session.number)
    before = session.plan.sessions.filter(kind="session", number=session.number - 1).exclude(state="cancelled").first()
    if before is not None and before.state != "done":
        words.append(f"Session {before.number} of this plan has not been given.")
    elif before is not None and (day - given_on(before)).days < weeks * DAYS_PER_WEEK:
        apart = (day - given_on(before)).days
        words.append(f"Only {apart} days since session {before.number}; the plan asks for {weeks:g} weeks.")
    elif before is None:
        words += _after_another_course(session, option, day)
    return words


def _after_another_course(session: Session, option: Option, day: datetime.date) -> list[str]:
    """A first session that comes too soon after one of an earlier plan."""
    given = session.patient.sessions.filter(kind="session", started_at__lt=timezone.now()).exclude(plan_id=session.plan_id)
    last = given.order_by("-started_at").first()
    if session.state != "planned" or last is None:
        return []
    apart, weeks = (day - given_on(last)).days, option.phases[0].interval_weeks
    if apart >= weeks * DAYS_PER_WEEK:
        return []
    return [
        f"Only {apart} days since session {last.number} of an earlier plan; this plan asks for {weeks:g} weeks between sessions."
    ]


def answer(session: Session, name: str, *, value: str, typed: str, user: User) -> str:
    """Keep an answer with who gave it when; earlier answers stay under it. Returns what is wrong, empty when it was kept."""
    if session.state != "planned":
        return "The session has started; its checklist is closed."
    item = next((one for one in checklist_of(session).items if one.name == name), None)
    allowed = {"yes", "no"} if item is not None and item.kind == "question" else {"yes", ""}
    if item is None or value not in allowed:
        return "There is no such item on this checklist."
    text = typed.strip()[:_LONGEST_WORDS]
    if item.asks and value == "yes" and not text:
        return f"{item.asks}: type the name of who prescribed it."
    before = session.checklist.get(name)
    history = [*before.pop("history", []), before] if isinstance(before, dict) else []
    told = {"answer": value, "typed": text, "by": user.full_name, "by_id": str(user.pk), "at": timezone.now().isoformat()}
    session.checklist = {**session.checklist, name: {**told, "history": history}}
    session.save(update_fields=["checklist"])
    return ""
