"""The consultation: one answer after the other, each saved as it is given and held against the screening rules at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from pydantic import JsonValue

from recutis.classes import DEVICE_CLASSES
from recutis.errors import InputError
from recutis.patient.profile import asked_about_pregnancy
from recutis.web.access import TREATING, allow, note, own, silent, user_of
from recutis.web.accounts.models import CLINICIAN
from recutis.web.patients import answers
from recutis.web.patients.asks import Ask, find, words_of
from recutis.web.patients.models import Patient
from recutis.web.patients.panel import panel_of
from recutis.web.patients.records import Standing, lapse, standing
from recutis.web.patients.shown import BLOCKS, Form, Shown, differing
from recutis.web.patients.views import age_on

_ARCHIVED: Final = "This patient is archived, so nothing was saved. Restore the record first."
_NOT_AN_ANSWER: Final = frozenset({"rows", "group", "weights"})


def locked(request: HttpRequest, patient_id: UUID) -> Patient:
    """The clinic's patient, whom nobody else changes until the request ends.

    Raises Http404 for another clinic's, InputError for one that is archived.
    """
    own(request, Patient, pk=patient_id)
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    if patient.archived_at is not None:
        raise InputError(_ARCHIVED)
    return patient


def panel_context(request: HttpRequest, patient: Patient, now: Standing) -> dict[str, Any]:
    """What the screening panel needs, and where questions send their answers."""
    return {
        "patient": patient, "now": now, "panel": panel_of(now), "may_lift": user_of(request).role == CLINICIAN,
        "save_address": reverse("patients:save", args=[patient.pk]), "rows_address": reverse("patients:rows", args=[patient.pk]),
    }  # fmt: skip


def page_context(request: HttpRequest, patient: Patient) -> dict[str, Any]:
    """What the whole page needs."""
    now = standing(patient)
    form = Form(patient.file, now.draft)
    return {
        **panel_context(request, patient, now),
        "tab": "consultation", "form": form, "blocks": {name: form.block(name) for name in BLOCKS}, "date": form.at("date"),
        "device_classes": [(name, words_of(name)) for name in DEVICE_CLASSES],
        "by_birth": age_on(patient.birth_date, now.draft.patient.date),
    }  # fmt: skip


@allow(*TREATING)
def consultation(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """The whole form, with the screening panel beside it."""
    patient = own(request, Patient, pk=patient_id)
    note(request, of=patient)
    return render(request, "patients/consultation.html", page_context(request, patient))


@allow(*TREATING)
def question(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """One question as it stands in the record, for whoever keeps another person's answer."""
    patient = own(request, Patient, pk=patient_id)
    ask = find(request.GET.get("path", ""))
    if ask is None or ask.kind in _NOT_AN_ANSWER:
        msg = "There is no such question in the consultation."
        raise Http404(msg)
    now = standing(patient)
    context = {**panel_context(request, patient, now), "asks": [Form(patient.file, now.draft).show(ask)]}
    return render(request, "patients/saved.html", context)


@allow(*TREATING, methods=("POST",))
def save(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Keep one answer, right or wrong, and say what it means."""
    place = request.POST.get("path", "")
    ask = find(place)
    try:
        patient = locked(request, patient_id)
        if ask is None or ask.kind in _NOT_AN_ANSWER:
            msg = "There is no such question in the consultation. Nothing was saved; open the page again."
            raise InputError(msg)
        value = _sent(request, ask)
        answers.require_storable(value)
        version = _version(request)
        standing_value = answers.value_at(patient.file, place)
        if _same(standing_value, value):
            silent(request)
            return _saved(request, patient, [], ask=ask, whole="whole" in request.POST)
        other = answers.change_since(patient, place, max(version, _whole(request.POST.get("over", "0"))))
        if other is not None:
            return _conflict(request, patient, ask, value, other)
        file = answers.with_value(patient.file, place, value)
        return _saved(request, patient, [place], ask=ask, file=file, whole="whole" in request.POST)
    except InputError as error:
        return _refused(request, ask, str(error))


def _sent(request: HttpRequest, ask: Ask) -> JsonValue:
    if "json" in request.POST:
        return answers.from_json(request.POST["json"])
    name = f"q-{ask.place.replace('.', '-')}"
    values = request.POST.getlist(name) or request.POST.getlist("value")
    return answers.typed(ask, values, request.POST.get(f"{name}-day", ""))


def _same(one: JsonValue, other: JsonValue) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _version(request: HttpRequest) -> int:
    text = request.POST.get("file_version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        msg = "The form does not say which version of the record it shows. Nothing was saved; open the page again."
        raise InputError(msg)
    return int(text)


def _saved(
    request: HttpRequest,
    patient: Patient,
    places: Sequence[str],
    *,
    ask: Ask | None = None,
    file: dict[str, JsonValue] | None = None,
    whole: bool = False,
) -> HttpResponse:
    """Keep the file where something changed, and answer with all that has to look different now."""
    before = standing(patient)
    version = _version(request)
    others = {at for at, told in patient.file_changes.items() if int(told[0]) > version} - set(places)
    if file is not None:
        answers.keep(patient, file, places, user_of(request))
        lapsed = lapse(patient, user_of(request))
        note(request, action="consultation answered", of=patient, places=list(places), **({"lapsed": lapsed} if lapsed else {}))
    now = standing(patient)
    form = Form(patient.file, now.draft)
    context = {**panel_context(request, patient, now), "file_version": patient.file_version, "form": form}
    context |= _refreshed(form, before, now, {*places, *others}, whole={*others, *(places if whole else ())})
    if ask is not None:
        context |= {"saved": form.show(ask), "at": timezone.localtime()}
        context["states"] = [shown for shown in context["states"] if shown.ask.place != ask.place]
    answer = render(request, "patients/saved.html", context)
    if any("." not in place and place not in {"concerns", "date"} for place in others):
        answer["HX-Refresh"] = "true"  # somebody imported a file: everything may be different
    return answer


def _refreshed(form: Form, before: Standing, now: Standing, places: set[str], *, whole: set[str]) -> dict[str, Any]:
    """Which parts of the page to write anew: states whose sentence changed, whole questions, and blocks that depend on answers."""
    states = [form.show(ask) for ask in map(find, differing(before.draft.problems, now.draft.problems)) if ask is not None]
    asks: dict[str, Shown] = {}
    concerns = any(place == "concerns" for place in places) or any(place.startswith("concerns") for place in whole)
    for place in whole:
        top = ".".join(place.split(".")[:2])
        ask = find(top)
        if ask is not None and ask.kind not in {"group", "weights"} and not top.startswith(("concerns", "goals")):
            asks[top] = form.show(ask)
    told = [place for place in places if place.startswith("concerns.") and place.rpartition(".")[2] in {"kind", "scale"}]
    rows = [] if concerns else sorted({place.removesuffix(".severity.scale").removesuffix(".kind") for place in told})
    kinds = [[item.kind for item in one.draft.patient.concerns] for one in (before, now)]
    women = [asked_about_pregnancy(one.draft.patient) for one in (before, now)]
    written = (*asks, *rows, *(["concerns"] if concerns else []))
    return {
        "states": [shown for shown in states if not any(f"{shown.ask.place}.".startswith(f"{place}.") for place in written)],
        "asks": list(asks.values()), "concerns": concerns, "rows": [form.at(row) for row in rows if find(row)],
        "goals": kinds[0] != kinds[1] or any(place.startswith("goals") for place in whole),
        "women": women[0] != women[1],
    }  # fmt: skip


def _conflict(request: HttpRequest, patient: Patient, ask: Ask, value: JsonValue, other: answers.Change) -> HttpResponse:
    """Somebody else changed this answer since the page was opened: show both, and let the person choose."""
    now = standing(patient)
    form = Form(patient.file, now.draft)
    theirs = form.show(ask)
    mine = Form(_with(patient.file, ask.place, value), now.draft).show(ask)
    choose = json.dumps({"path": ask.place, "json": json.dumps(value), "over": other.version})
    context = {
        **panel_context(request, patient, now), "conflict": theirs, "mine": mine, "mine_vals": choose, "other": other,
    }  # fmt: skip
    silent(request)
    return render(request, "patients/saved.html", context, status=409)


def _with(file: dict[str, JsonValue], place: str, value: JsonValue) -> dict[str, JsonValue]:
    try:
        return answers.with_value(file, place, value)
    except InputError:
        return {}


def _refused(request: HttpRequest, ask: Ask | None, sentence: str) -> HttpResponse:
    context = {"refused": sentence, "refused_id": f"q-{ask.place.replace('.', '-')}" if ask else ""}
    return render(request, "patients/refused.html", context, status=422)


@allow(*TREATING, methods=("POST",))
def rest(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Answer every open yes-or-no question of a block with no, because somebody said so."""
    name = request.POST.get("block", "")
    try:
        patient = locked(request, patient_id)
        if name not in BLOCKS:
            msg = "There is no such part of the consultation. Nothing was saved; open the page again."
            raise InputError(msg)
        file, places = dict(patient.file), []
        for shown in Form(patient.file, standing(patient).draft).block(name):
            none = False if shown.ask.kind == "yes_no" else "none" if any(key.key == "none" for key in shown.choices) else None
            if none is not None and not shown.answered:
                file = answers.with_value(file, shown.ask.place, none)
                places.append(shown.ask.place)
        answer = _saved(request, patient, places, file=file if places else None)
        form = Form(patient.file, standing(patient).draft)
        context = {**page_context(request, patient), "name": name, "block": form.block(name), "at": timezone.localtime()}
        return HttpResponse(render(request, "patients/block.html", context).content + answer.content)
    except InputError as error:
        return _refused(request, None, str(error))


@allow(*TREATING, methods=("POST",))
def rows(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Add a row to a list, take one out, say that there are none, or leave the list unanswered again."""
    place, what = request.POST.get("path", ""), request.POST.get("what", "")
    ask = find(place)
    try:
        patient = locked(request, patient_id)
        if ask is None or ask.kind != "rows":
            msg = "There is no such list in the consultation. Nothing was saved; open the page again."
            raise InputError(msg)
        other = answers.change_since(patient, place, _version(request))
        if other is not None and what != "add":
            msg = f"{other.who} changed this list while the page was open. Nothing was saved; open the page again to see it."
            raise InputError(msg)
        value = _rows_after(answers.value_at(patient.file, place), what, request.POST.get("row", ""))
        file = answers.with_value(patient.file, place, value)
        answer = _saved(request, patient, [place], file=file, whole=True)
        if what == "add" and isinstance(value, list):
            first = ask.fields[0].name
            answer["HX-Trigger-After-Settle"] = json.dumps({"focusOn": f"q-{place.replace('.', '-')}-{len(value) - 1}-{first}"})
        return answer
    except InputError as error:
        return _refused(request, ask, str(error))


def _rows_after(value: JsonValue, what: str, row: str) -> JsonValue:
    listed = list(value) if isinstance(value, list) else []
    if value is not None and not isinstance(value, list) and what == "add":
        msg = "What stands there is no list. Say 'none' or 'not asked' first, or import a right file."
        raise InputError(msg)
    if what == "add" and len(listed) < 50:
        return [*listed, {}]
    if what == "remove" and _whole(row) < len(listed) and row.isdigit():
        del listed[_whole(row)]
        return listed or None
    if what == "none" and not listed:
        return []
    if what == "clear" and not listed:
        return None
    msg = "Nothing was changed: the row is not there any more, or the list is not empty. Open the page again."
    raise InputError(msg)
