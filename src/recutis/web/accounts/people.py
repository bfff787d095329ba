"""The clinic's people: adding, changing roles, closing accounts, and the clinic's own details."""

from __future__ import annotations

import secrets

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from recutis.web.access import EVERYONE, allow, note, own, refused, user_of
from recutis.web.accounts.forms import ClinicForm, NewPerson
from recutis.web.accounts.models import ROLES, Clinic, User

_HANDED_OUT_BYTES = 12


def _administers(request: HttpRequest) -> Clinic:
    user = user_of(request)
    if not user.administers:
        refused(request)
    return user.clinic


@allow(*EVERYONE)
def people(request: HttpRequest) -> HttpResponse:
    """Everyone of the clinic."""
    clinic = _administers(request)
    return render(
        request, "accounts/people.html",
        {"people": clinic.people.all(), "form": NewPerson(), "clinic_form": ClinicForm(instance=clinic), "roles": ROLES},
    )  # fmt: skip


@allow(*EVERYONE, methods=("POST",))
def add_person(request: HttpRequest) -> HttpResponse:
    """Open an account."""
    clinic = _administers(request)
    form = NewPerson(request.POST)
    if not form.is_valid():
        context = {"people": clinic.people.all(), "form": form, "clinic_form": ClinicForm(instance=clinic), "roles": ROLES}
        return render(request, "accounts/people.html", context, status=422)
    told = form.cleaned_data
    made = User.objects.make(
        email=told["email"], full_name=told["full_name"], clinic=clinic, role=told["role"], password=told["password"]
    )
    made.must_change_password = True
    made.save(update_fields=["must_change_password"])
    note(request, action="account opened", of=made, role=made.role)
    messages.success(request, f"{made.full_name} can sign in now and will choose a new password.", "good")
    return redirect("accounts:people")


@allow(*EVERYONE, methods=("POST",))
def change_person(request: HttpRequest, user_id: str) -> HttpResponse:
    """Change a role, close or reopen an account, end all sessions, or hand out a new first password."""
    _administers(request)
    person = own(request, User, pk=user_id)
    what = request.POST.get("what", "")
    if person == user_of(request) and what in {"close", "role"}:
        messages.error(request, "You cannot close your own account or change your own role. Ask another administrator.", "danger")
        return redirect("accounts:people")
    if what == "role" and request.POST.get("role") in ROLES:
        before, person.role = person.role, request.POST["role"]
        person.save(update_fields=["role"])
        person.sign_out_everywhere()
        note(request, action="role changed", of=person, before=before, after=person.role)
    elif what in {"close", "reopen"}:
        person.is_active = what == "reopen"
        person.save(update_fields=["is_active"])
        person.sign_out_everywhere()
        note(request, action="account closed" if what == "close" else "account reopened", of=person)
    elif what == "sign_out":
        person.sign_out_everywhere()
        note(request, action="signed out everywhere by an administrator", of=person)
    elif what == "password":
        first = secrets.token_urlsafe(_HANDED_OUT_BYTES)
        person.set_password(first)
        person.must_change_password = True
        person.save(update_fields=["password", "must_change_password"])
        person.sign_out_everywhere()
        note(request, action="first password handed out", of=person)
        return render(request, "accounts/handed_out.html", {"person": person, "first": first})
    else:
        messages.error(request, "Nothing was changed: choose a role from the list.", "danger")
    return redirect("accounts:people")


@allow(*EVERYONE, methods=("POST",))
def change_clinic(request: HttpRequest) -> HttpResponse:
    """Name and telephone numbers of the clinic."""
    clinic = _administers(request)
    form = ClinicForm(request.POST, instance=clinic)
    if not form.is_valid():
        context = {"people": clinic.people.all(), "form": NewPerson(), "clinic_form": form, "roles": ROLES}
        return render(request, "accounts/people.html", context, status=422)
    form.save()
    note(request, action="clinic changed", of=clinic, fields=list(form.changed_data))
    messages.success(request, "Saved.", "good")
    return redirect("accounts:people")
