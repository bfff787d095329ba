"""The log of passes: each as it was set, held against the plan, corrected only by a new entry."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from recutis.web.access import TREATING, allow, note, own, user_of
from recutis.web.audit.record import address_of, record
from recutis.web.delivery.course import (
    KNOBS,
    SPOT,
    ceiling_of,
    ceiling_words,
    option_of,
    panel_words,
    phase_at,
    planned_passes,
    sites_of,
)
from recutis.web.delivery.forms import PassForm
from recutis.web.delivery.models import DeliveredPass, Session
from recutis.web.delivery.passes import Looked, counted, last_time, look
from recutis.web.delivery.views_session import session_of

_MEANWHILE = "A pass was logged at this site since this page was opened; nothing was logged now."
_REASON = "It differs from the plan. Say why, so that the next person understands it."


def _open(session: Session) -> str:
    """Why nothing can be logged in a session; empty when it can."""
    if session.state == "under_way":
        return ""
    why = {
        "planned": "The session has not started. Go through the checklist and start it first.",
        "cancelled": "This session is cancelled.",
        "done": "This session has ended. Correct an entry that is there, if it is wrong.",
    }
    return why[session.state]


def _panel(session: Session, site: str, number: int) -> dict[str, float]:
    planned = planned_passes(session, site)
    return dict(planned[min(number, len(planned)) - 1]) if planned else {}


@allow(*TREATING, methods=("GET", "HEAD", "POST"))
def log(request: HttpRequest, session_id: uuid.UUID, site: str) -> HttpResponse:
    """Log the next passes at a site: prefilled as planned, or as last time."""
    session = session_of(request, session_id)
    if site not in sites_of(session):
        msg = "The plan does not treat this site."
        raise Http404(msg)
    shut = _open(session)
    if shut:
        messages.error(request, shut, "danger")
        return redirect("delivery:session", session_id=session.pk)
    there = counted(session, site)
    number = max((one.number for one in there), default=0) + 1
    panel, before = _panel(session, site, number), last_time(session, site)
    wanted = 1 if session.kind == SPOT else len(planned_passes(session, site))
    source = "last" if request.GET.get("from") == "last" and before is not None else "plan"
    start = _knobs(before.delivered, panel) if source == "last" and before is not None else {}
    form = PassForm(
        request.POST if request.method == "POST" else None,
        session=session,
        panel=panel,
        remaining=max(wanted - len(there), 1),
        initial=start,
    )
    looked: list[Looked] = []
    if request.method == "POST" and request.POST.get("after", str(len(there))) != str(len(there)):
        form.add_error(None, f"{_MEANWHILE} {len(there)} of {wanted} are logged now. Look whether this one is among them.")
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        looked = look(session, site, form.delivered(), unit=told["unit"], count=told["count"])
        if not _reason_missing(form, looked):
            _keep(request, session, site, form, looked)
            return redirect("delivery:session", session_id=session.pk)
    return _form_page(
        request, session, site, form,
        {"number": number, "wanted": wanted, "before": before, "source": source, "looked": looked, "planned": panel_words(panel),
         "after": len(there)},
    )  # fmt: skip


def _knobs(told: Mapping[str, Any], panel: Mapping[str, float]) -> dict[str, str]:
    return {f"knob_{name}": f"{told[name]:.4g}" for name in panel if told.get(name) is not None}


def _reason_missing(form: PassForm, looked: Sequence[Looked]) -> bool:
    if not any(one.deviations for one in looked) or form.cleaned_data["deviation_reason"].strip():
        return False
    form.add_error("deviation_reason", _REASON)
    return True


def _keep(request: HttpRequest, session: Session, site: str, form: PassForm, looked: Sequence[Looked]) -> None:
    """Keep as many entries as passes were given."""
    for one in looked:
        _entry(request, session, site, form, one)
    count = len(looked)
    note(request, action="passes logged", site=site, count=count, deviations=any(one.deviations for one in looked))
    _tell(request, session, site, looked, f"{count} {'pass is' if count == 1 else 'passes are'} logged.")


def _entry(
    request: HttpRequest, session: Session, site: str, form: PassForm, looked: Looked, replaces: DeliveredPass | None = None
) -> DeliveredPass:
    told = form.cleaned_data
    return DeliveredPass.objects.create(
        clinic_id=session.clinic_id, session=session, unit=told["unit"], site=site, number=looked.number,
        planned=looked.planned, delivered=form.delivered(), deviations=looked.document(),
        deviation_reason=told["deviation_reason"].strip() if looked.deviations else "", endpoint_seen=told["endpoint_seen"].strip(),
        pain_0_10=told["pain_0_10"], given_by=user_of(request), given_at=timezone.now() if replaces is None else replaces.given_at,
        replaces=replaces,
    )  # fmt: skip


def _tell(request: HttpRequest, session: Session, site: str, looked: Sequence[Looked], words: str) -> None:
    """A setting above what is allowed is a fact: it is kept, shown, and leaves an entry of its own in the audit."""
    danger = [f"pass {one.number}: {item.words}" for one in looked for item in one.deviations if item.danger]
    if not danger:
        messages.success(request, words, "good")
        return
    user = user_of(request)
    record(
        "delivered above the ceiling", chain=str(user.clinic_id), user=user, object_type="delivery.session", object_id=session.pk,
        patient_id=session.patient_id, detail={"site": site, "what": danger}, address=address_of(request),
    )  # fmt: skip
    messages.error(request, f"{words} Danger: {'; '.join(dict.fromkeys(danger))}. Tell the clinician now.", "danger")


@allow(*TREATING, methods=("GET", "HEAD", "POST"))
def correct(request: HttpRequest, session_id: uuid.UUID, pass_id: uuid.UUID) -> HttpResponse:
    """Replace an entry by a right one; both stay to be seen."""
    session = session_of(request, session_id)
    old = own(request, DeliveredPass, pk=pass_id, session=session)
    if DeliveredPass.objects.filter(replaces=old).exists():
        messages.error(request, "This entry has been replaced already. Correct the newer one.", "danger")
        return redirect("delivery:session", session_id=session.pk)
    panel = _panel(session, old.site, old.number) or {name: value for name, value in old.delivered.items() if name in KNOBS}
    start: dict[str, Any] = {
        **_knobs(old.delivered, panel), "unit": old.unit_id, "endpoint_seen": old.endpoint_seen,
        "pain_0_10": "" if old.pain_0_10 is None else f"{old.pain_0_10:g}", "deviation_reason": old.deviation_reason,
    }  # fmt: skip
    form = PassForm(
        request.POST if request.method == "POST" else None, session=session, panel=panel, remaining=1, alone=True, initial=start
    )
    looked: list[Looked] = []
    if request.method == "POST" and form.is_valid():
        looked = look(session, old.site, form.delivered(), unit=form.cleaned_data["unit"], replaces=old)
        if not _reason_missing(form, looked):
            made = _entry(request, session, old.site, form, looked[0], replaces=old)
            note(request, action="pass corrected", of=made, replaces=str(old.pk))
            _tell(request, session, old.site, looked, "The entry is corrected; the old one stays beside it.")
            return redirect("delivery:session", session_id=session.pk)
    return _form_page(
        request, session, old.site, form,
        {"number": old.number, "old": old, "looked": looked, "planned": panel_words(panel), "source": "old", "wanted": 0},
    )  # fmt: skip


def _form_page(request: HttpRequest, session: Session, site: str, form: PassForm, told: Mapping[str, Any]) -> HttpResponse:
    option = option_of(session.plan)
    phase = phase_at(option, kind=session.kind, number=session.number) if option else None
    context = {
        "session": session, "patient": session.patient, "site": site, "form": form, "phase": phase,
        "ceiling": ceiling_words(ceiling_of(session, site)), **told,
    }  # fmt: skip
    return render(request, "delivery/pass.html", context, status=422 if form.errors else 200)
