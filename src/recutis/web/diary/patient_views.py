"""The diary on the patient's phone, opened by a personal link."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID, uuid4

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from recutis.course.diary_triage import SIGNS, WORRIED, Finding, judge
from recutis.web.access import LINK, allow, note, silent
from recutis.web.accounts.models import Clinic
from recutis.web.audit.record import address_of, record
from recutis.web.diary import links, told
from recutis.web.diary.advice import advice_for
from recutis.web.diary.alarms import raise_alarm
from recutis.web.diary.contact import contact, emergency
from recutis.web.diary.forms import EntryForm
from recutis.web.diary.models import DiaryEntry, DiaryLink
from recutis.web.diary.plain import SIGN_WORDS, flag_words
from recutis.web.photos import shelf
from recutis.web.photos.intake import Cleaned, PhotoRefusedError, cleaned

WHO: Final = "the patient, by personal link"
_SHOWN_DAYS: Final = 14


@allow(LINK)
@sensitive_variables("token")
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Follow a personal link: the phone gets a cookie and goes on to the diary, so that the link's text leaves the address bar.

    The page goes on by itself instead of redirecting: a browser would not send a strict cookie along a redirect that began in a
    mail program.
    """
    link = links.found(token)
    if link is None or not links.works(link):
        return _closed(request, link)
    DiaryLink.objects.filter(pk=link.pk).update(last_used_at=timezone.now())
    _noted(request, link, "diary opened by link")
    answer = render(request, "diary/opening.html", {"where": links.PATH})
    answer["Referrer-Policy"] = "no-referrer"
    links.remember(answer, link)
    return answer


@transaction.non_atomic_requests
@allow(LINK, methods=("GET", "HEAD", "POST"))
def today(request: HttpRequest) -> HttpResponse:
    """The day's page, and the entry that is sent from it."""
    link = links.held(request)
    if link is None or not links.works(link):
        return _closed(request, link)
    if link.session.state == "cancelled":
        return _cancelled(request, link)
    day = told.day_of(link.session)
    if request.method == "POST" and request.POST.get("session", str(link.session_id)) != str(link.session_id):
        return _of_another(request, link)
    if request.method == "POST":
        return _entered(request, link, day)
    _noted(request, link, "diary viewed")
    if day < 0:
        return render(request, "diary/before.html", _before(link, day))
    return render(request, "diary/day.html", _day(link, _chosen(request.GET.get("day", ""), day), form=EntryForm(today=day)))


@allow(LINK)
def saved(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """What to do after an entry, and what was saved."""
    link = links.held(request)
    if link is None or not links.works(link):
        return _closed(request, link)
    entry = DiaryEntry.objects.filter(pk=entry_id, session=link.session).prefetch_related("photos").first()
    if entry is None:
        return redirect("diary:today")
    _noted(request, link, "diary entry viewed")
    findings = findings_of(entry, link)
    option, levels = told.option_for(link.session), {sign: getattr(entry, sign) for sign in SIGNS}
    expected = {one.sign: one for one in told.expected(option, entry.day)}
    signs = [(SIGN_WORDS[sign][0], level, expected.get(sign)) for sign, level in levels.items()]
    return render(
        request, "diary/saved.html",
        {
            **_frame(link), "entry": entry, "advice": advice_for(link.clinic, findings), "signs": signs,
            "picture": told.picture(option, entry.day, levels),
            "ticked": [flag_words(key)[0] for key in entry.flags], "today": told.day_of(link.session),
        },
    )  # fmt: skip


@allow(LINK, methods=("POST",))
def close(request: HttpRequest) -> HttpResponse:
    """Forget the diary on this phone."""
    silent(request)
    answer = render(request, "diary/closed.html", {"title": "The diary is closed on this phone", "words": _REOPEN})
    answer.delete_cookie("recutis_diary", path=links.PATH, samesite="Strict")
    return answer


_REOPEN: Final = "Your entries are safe with the clinic. Open your personal link to come back."


def findings_of(entry: DiaryEntry, link: DiaryLink) -> tuple[Finding, ...]:
    """What an entry asks for, judged against what was expected and against entries made before it."""
    before = DiaryEntry.objects.filter(session=entry.session)
    if entry.entered_at is not None:
        before = before.filter(entered_at__lt=entry.entered_at)
    # What was given is judged by the plan that it was given by, also where its release was withdrawn since: no alarm is lost by that.
    option = told.option_of(link.session.plan)
    return judge(
        ticked=entry.flags, levels={sign: getattr(entry, sign) for sign in SIGNS}, day=entry.day, words=entry.words,
        expected_p90={one.sign: one.p90 for one in told.expected(option, entry.day)},
        earlier=[(one.day, {sign: getattr(one, sign) for sign in SIGNS}) for one in before],
    )  # fmt: skip


def _entered(request: HttpRequest, link: DiaryLink, day: int) -> HttpResponse:
    form = EntryForm(request.POST, request.FILES, today=day)
    photo, valid = None, form.is_valid()
    if valid and form.cleaned_data["photo"]:
        photo = _photo(form, form.cleaned_data["photo"])
    if not valid or form.errors:
        return render(request, "diary/day.html", _day(link, _chosen(str(form.data.get("day", "")), day), form=form), status=422)
    entry = _kept(request, link, form, photo)
    silent(request)
    return redirect("diary:saved", entry_id=entry.pk)


def _chosen(asked: str, today: int) -> int:
    """A day that was asked for, today where it is none or has not come."""
    today = max(today, 0)
    return min(int(asked), today) if asked.isdecimal() and len(asked) < 5 else today


def _photo(form: EntryForm, file: UploadedFile) -> Cleaned | None:
    try:
        return cleaned(file, file.size or 0)
    except PhotoRefusedError as error:
        form.add_error("photo", str(error))
        return None


def _kept(request: HttpRequest, link: DiaryLink, form: EntryForm, photo: Cleaned | None) -> DiaryEntry:
    """Keep the entry, its photograph, its alarm and its line of the audit together; the same entry sent twice is kept once."""
    day, levels = form.cleaned_data["day"], form.levels
    session = link.session
    with transaction.atomic():
        entry, new = DiaryEntry.objects.get_or_create(
            pk=form.entry_id(session.pk, photo.sha256 if photo else ""), session=session,
            defaults={
                "clinic": link.clinic, "patient": link.patient, "day": day, "on": told.date_of(session, day), **levels,
                "flags": form.ticked, "words": form.cleaned_data["words"],
            },
        )  # fmt: skip
        if not new:
            return entry
        findings = findings_of(entry, link)
        advice = advice_for(link.clinic, findings)
        alarm = raise_alarm(entry, findings, advice=advice.text if advice else "")
        if alarm is not None:
            entry.urgency = alarm.urgency
            entry.save(update_fields=["urgency"])
        record(
            "diary entry", chain=str(link.clinic_id), who=WHO, object_type="diary.diaryentry", object_id=entry.pk,
            patient_id=link.patient_id, detail={"day": day, "urgency": entry.urgency}, address=address_of(request),
        )  # fmt: skip
        if photo is not None:
            shelf.keep(
                photo,
                clinic=link.clinic,
                patient=link.patient,
                session=session,
                diary_entry=entry,
                taken_on=entry.on,
                view="other",
            )
    return entry


def _noted(request: HttpRequest, link: DiaryLink, action: str) -> None:
    note(request, action=action, of=link, patient=link.patient_id, chain=str(link.clinic_id), who=WHO)


def _closed(request: HttpRequest, link: DiaryLink | None) -> HttpResponse:
    """The same calm page for a wrong, an ended and a revoked link; it says nothing about anybody."""
    clinics = [link.clinic] if link else list(Clinic.objects.all()[:2])
    clinic = clinics[0] if len(clinics) == 1 else None
    title = "This link does not open a diary any more" if link else "This link does not open a diary"
    number = contact(clinic) if clinic else None
    silent(request)
    return render(
        request, "diary/closed.html",
        {"title": title, "words": _WRONG, "contact": number, "emergency": emergency()},
        status=410 if link else 404,
    )  # fmt: skip


def _cancelled(request: HttpRequest, link: DiaryLink) -> HttpResponse:
    """A session that is not given has no days to count; the numbers to call stay."""
    silent(request)
    words = "There is no day to enter for it. If something worries you, call. The clinic sends a link for your next session."
    context = {"title": "This session was cancelled", "words": words, "contact": contact(link.clinic), "emergency": emergency()}
    return render(request, "diary/closed.html", context, status=410)


def _of_another(request: HttpRequest, link: DiaryLink) -> HttpResponse:
    """The page that was sent belongs to another diary than the one that is open on this phone now."""
    silent(request)
    words = (
        "Since this page was opened, the link of another session was opened on this phone. Open your own personal link again and "
        "save there; what you typed is still on this phone."
    )
    context = {
        "title": "Not saved: this is another diary",
        "words": words,
        "contact": contact(link.clinic),
        "emergency": emergency(),
    }
    return render(request, "diary/closed.html", context, status=409)


_WRONG: Final = (
    "It may be incomplete, or the clinic has replaced or ended it. Entries that you saved are safe with the clinic. "
    "Ask the clinic for a new link."
)


def _frame(link: DiaryLink) -> dict[str, Any]:
    return {"clinic": link.clinic, "contact": contact(link.clinic), "emergency": emergency(), "session": link.session}


def _before(link: DiaryLink, day: int) -> dict[str, Any]:
    option = told.option_for(link.session)
    phase = told.phase_of(option, link.session) if option else None
    return {
        **_frame(link), "days_left": -day, "on": told.session_day(link.session), "care": told.care_of_day(phase, day),
        "next": told.next_steps(phase, -1),
    }  # fmt: skip


def _day(link: DiaryLink, day: int, *, form: EntryForm) -> dict[str, Any]:
    session = link.session
    option = told.option_for(session)
    phase = told.phase_of(option, session) if option else None
    now = told.day_of(session)
    entered = set(DiaryEntry.objects.filter(session=session).values_list("day", flat=True))
    expected = {one.sign: one for one in told.expected(option, day)}
    data = form.data if form.is_bound else {}
    sliders = [
        {
            "sign": sign, "name": name, "low": low, "high": high, "expected": expected.get(sign),
            "value": data.get(sign) or "0", "skip": not form.is_bound or f"{sign}_skip" in data, "errors": form[sign].errors,
        }
        for sign, (name, low, high) in SIGN_WORDS.items()
    ]  # fmt: skip
    return {
        **_frame(link), "form": form, "day": day, "today": now, "on": told.date_of(session, day),
        "key": uuid4() if not form.is_bound or "key" in form.errors else data["key"],
        "sliders": sliders, "groups": told.flag_groups(told.class_of(session), now), "worried": WORRIED,
        "worried_words": flag_words(WORRIED), "ticked": form.ticked if form.is_bound else [], "words": data.get("words", ""),
        "care": told.care_of_day(phase, day), "next": told.next_steps(phase, day),
        "milestones": told.milestones(phase), "picture": told.picture(option, day, {}),
        "missing": [one for one in range(max(now - _SHOWN_DAYS, 0), now) if one not in entered], "entered_today": now in entered,
    }  # fmt: skip
