"""Signing in and out, the first start, one's own account."""

from __future__ import annotations

import io
import os
from base64 import b32encode
from datetime import timedelta

import segno
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django_otp import devices_for_user, match_token
from django_otp import login as otp_login
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from recutis.web.access import EVERYONE, PUBLIC, allow, note, silent, user_of
from recutis.web.accounts.forms import ChangePassword, Code, FirstStart, SignIn, TokenForm
from recutis.web.accounts.models import ApiToken, Clinic, User

_SPARE_CODES = 8
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def set_up_code() -> str:
    """The code that the first start asks for; empty on a machine's own address."""
    return os.environ.get("RECUTIS_SETUP_CODE", "")


@allow(PUBLIC, methods=("GET", "HEAD", "POST"))
def first_start(request: HttpRequest) -> HttpResponse:
    """Make the clinic and the first account; never again once there is one."""
    if User.objects.exists():
        return redirect("accounts:sign-in")
    form = FirstStart(request.POST or None, code=set_up_code())
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        with transaction.atomic():
            clinic = Clinic.objects.create(name=told["clinic"])
            user = User.objects.make(
                email=told["email"], full_name=told["full_name"], clinic=clinic, role=told["role"], password=told["password"]
            )
            User.objects.filter(pk=user.pk).update(may_administer=True)
        login(request, user, backend=_BACKEND)
        note(request, action="first start", of=clinic)
        messages.success(request, "The clinic is set up. Add the people who work here, or begin with a patient.", "good")
        return redirect("home")
    return render(request, "accounts/first_start.html", {"form": form})


@allow(PUBLIC, methods=("GET", "HEAD", "POST"))
def sign_in(request: HttpRequest) -> HttpResponse:
    """E-mail and password."""
    if not User.objects.exists():
        return redirect("accounts:first-start")
    onward = request.POST.get("next") or request.GET.get("next") or ""
    safe = onward if url_has_allowed_host_and_scheme(onward, {request.get_host()}, require_https=request.is_secure()) else ""
    if request.user.is_authenticated:
        return redirect(safe or "home")
    form = SignIn(request, request.POST or None)
    if request.method == "POST":
        if form.is_valid() and form.user is not None:
            login(request, form.user, backend=_BACKEND)
            note(request, action="signed in", of=form.user)
            return redirect(safe or "home")
        tried = str(request.POST.get("email", "")).strip()
        known = User.objects.filter(email=tried.lower()).first()
        note(
            request, action="sign-in refused", of=known, who=tried[:200] if "@" in tried else "no e-mail address",
            chain=str(known.clinic_id) if known else "",
        )  # fmt: skip
    return render(request, "accounts/sign_in.html", {"form": form, "next": safe})


@allow(*EVERYONE, methods=("POST",))
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    user = user_of(request)
    note(request, action="signed out", of=user, who=user.full_name, chain=str(user.clinic_id))
    logout(request)
    return redirect("accounts:sign-in")


@allow(*EVERYONE, methods=("POST",))
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all sessions of this person, this one too, and revoke all tokens."""
    user = user_of(request)
    user.sign_out_everywhere()
    note(request, action="signed out everywhere", of=user, who=user.full_name, chain=str(user.clinic_id))
    logout(request)
    return redirect("accounts:sign-in")


@allow(*EVERYONE, methods=("GET", "HEAD", "POST"))
def code(request: HttpRequest) -> HttpResponse:
    """The second factor of people who use one."""
    form = Code(request.POST or None)
    user = user_of(request)
    if request.method == "POST" and form.is_valid():
        device = match_token(user, form.cleaned_data["code"].replace(" ", ""))
        if device is not None:
            otp_login(request, device)
            note(request, action="one-time code accepted", of=user)
            return redirect("home")
        note(request, action="one-time code refused", of=user)
        form.add_error(
            "code", "This code is not valid now. Wait for the next one, or use a spare code. Wrong codes slow the next try."
        )
    else:
        silent(request)
    return render(request, "accounts/code.html", {"form": form})


@allow(*EVERYONE, methods=("GET", "HEAD", "POST"))
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; other sessions end."""
    user = user_of(request)
    form = ChangePassword(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        user.set_password(form.cleaned_data["password"])
        user.must_change_password = False
        user.save(update_fields=["password", "must_change_password"])
        update_session_auth_hash(request, user)
        note(request, action="password changed", of=user)
        messages.success(request, "The password is changed; other sessions have ended.", "good")
        return redirect("accounts:me")
    return render(request, "accounts/password.html", {"form": form})


@allow(*EVERYONE)
def me(request: HttpRequest) -> HttpResponse:
    """One's own account: second factor, tokens, sign-out everywhere."""
    user = user_of(request)
    silent(request)
    return render(
        request, "accounts/me.html",
        {
            "second_factor": next(iter(devices_for_user(user, confirmed=True)), None),
            "tokens": user.tokens.filter(revoked_at=None, expires_at__gt=timezone.now()),
            "token_form": TokenForm(),
        },
    )  # fmt: skip


@allow(*EVERYONE, methods=("GET", "HEAD", "POST"))
def second_factor(request: HttpRequest) -> HttpResponse:
    """Set up one-time codes: show the key, ask for a first code, hand out spare codes once."""
    user = user_of(request)
    if next(iter(devices_for_user(user, confirmed=True)), None) is not None:
        return redirect("accounts:me")
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})
    form = Code(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if device.verify_token(form.cleaned_data["code"].replace(" ", "")):
            device.confirmed = True
            device.save()
            spare = StaticDevice.objects.create(user=user, name="spare codes")
            codes = [StaticToken.random_token() for _ in range(_SPARE_CODES)]
            StaticToken.objects.bulk_create(StaticToken(device=spare, token=text) for text in codes)
            otp_login(request, device)
            note(request, action="one-time codes set up", of=user)
            return render(request, "accounts/spare_codes.html", {"codes": codes})
        form.add_error("code", "This code does not fit. Check the clock of the telephone and type the newest code.")
    picture = io.BytesIO()
    segno.make(device.config_url, error="m").save(picture, kind="svg", scale=5, border=2, svgclass="qr", lineclass=None)
    return render(
        request, "accounts/second_factor.html",
        {"form": form, "qr": picture.getvalue().decode().partition("?>")[2], "key": b32encode(device.bin_key).decode()},
    )  # fmt: skip


@allow(*EVERYONE, methods=("POST",))
def second_factor_off(request: HttpRequest) -> HttpResponse:
    """Stop using one-time codes; asks for the password."""
    user = user_of(request)
    if not user.check_password(request.POST.get("password", "")):
        messages.error(request, "This is not your password. One-time codes stay on.", "danger")
        return redirect("accounts:me")
    for device in devices_for_user(user, confirmed=None):
        device.delete()
    note(request, action="one-time codes switched off", of=user)
    messages.success(request, "One-time codes are off.", "good")
    return redirect("accounts:me")


@allow(*EVERYONE, methods=("POST",))
def new_token(request: HttpRequest) -> HttpResponse:
    """Issue a token for a program; its text is shown once."""
    user = user_of(request)
    form = TokenForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A token needs a name and a number of days from 1 to 366.", "danger")
        return redirect("accounts:me")
    expires = timezone.now() + timedelta(days=form.cleaned_data["days"])
    token, text = ApiToken.issue(user, form.cleaned_data["name"], expires_at=expires)
    note(request, action="token issued", of=token, name=token.name)
    return render(request, "accounts/token.html", {"token": token, "text": text})


@allow(*EVERYONE, methods=("POST",))
def revoke_token(request: HttpRequest, token_id: str) -> HttpResponse:
    """Revoke one of one's own tokens."""
    user_of(request).tokens.filter(pk=token_id, revoked_at=None).update(revoked_at=timezone.now())
    note(request, action="token revoked", token=str(token_id))
    return redirect("accounts:me")
