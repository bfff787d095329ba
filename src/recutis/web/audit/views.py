"""Reading the audit of one's own clinic."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from recutis.web.access import EVERYONE, allow, note, refused, user_of
from recutis.web.audit.models import AuditEntry, ChainHead
from recutis.web.audit.record import verify

_A_PAGE: Final = 50


@allow(*EVERYONE)
def entries(request: HttpRequest) -> HttpResponse:
    """The newest entries, or those before a number."""
    user = user_of(request)
    if not user.administers:
        refused(request)
    chain = str(user.clinic_id)
    found = AuditEntry.objects.filter(chain=chain)
    q = request.GET.get("q", "").strip()[:100]
    if q:
        found = found.filter(Q(who__icontains=q) | Q(action__icontains=q) | Q(patient_id_text=q) | Q(object_id=q))
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        found = found.filter(number__lt=int(before))
    page = list(found.order_by("-number")[: _A_PAGE + 1])
    note(request, action="audit read", **({"searched": q} if q else {}))
    return render(
        request, "audit/list.html",
        {
            "entries": page[:_A_PAGE], "older": page[_A_PAGE - 1].number if len(page) > _A_PAGE else None, "q": q, "before": before,
            "head": ChainHead.objects.filter(chain=chain).first(),
        },
    )  # fmt: skip


@allow(*EVERYONE, methods=("POST",))
def check(request: HttpRequest) -> HttpResponse:
    """Verify the chain from its first entry."""
    user = user_of(request)
    if not user.administers:
        refused(request)
    found = verify(only=str(user.clinic_id))
    note(request, action="audit verified", entries=found.entries, faults=len(found.faults))
    if found.faults:
        first = found.faults[0]
        messages.error(
            request, f"The audit was tampered with: entry {first.number} {first.what}. Call your administrator.", "danger"
        )
    else:
        messages.success(request, f"All {found.entries} entries are as they were written.", "good")
    return redirect("audit:list")
