"""Who may open what. Every view says which roles it serves; a view that says nothing is never reached.

A view marked with `allow` is recorded in the audit after it has answered, in the same transaction as its changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from recutis.web.accounts.models import ADMINISTRATOR, CLINICIAN, FRONT_DESK, NURSE, ROLES, User
from recutis.web.audit.record import address_of, record

if TYPE_CHECKING:
    from collections.abc import Iterable

View = Callable[..., HttpResponseBase]
AnyModel = TypeVar("AnyModel", bound=Model)

TREATING: Final = (CLINICIAN, NURSE)
STAFF: Final = (CLINICIAN, NURSE, FRONT_DESK, ADMINISTRATOR)
EVERYONE: Final = ROLES
PUBLIC: Final = "public"
"""Open to strangers: sign-in, first start, static pages."""
LINK: Final = "link"
"""Open to whoever holds a signed personal link; the view itself checks the link."""
_SHOWN_AGAIN: Final = frozenset({409, 422})
"""Answers that save nothing and show the page again, with what the record holds."""
_API: Final = "/api/"
_SINCE: Final = "recutis_since"


@dataclass(kw_only=True)
class Note:
    """What a view adds to its audit entry."""

    action: str = ""
    object_type: str = ""
    object_id: str = ""
    patient_id: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    silent: bool = False


def note(request: HttpRequest, *, action: str = "", of: Model | None = None, patient: object = None, **detail: Any) -> None:
    """Say more about what this request does: which object, whose, and what changed. Later words replace earlier ones."""
    kept = note_of(request)
    if action:
        kept.action = action
    if of is not None:
        kept.object_type, kept.object_id = str(of._meta.label_lower), str(of.pk)
    if patient is not None:
        kept.patient_id = str(getattr(patient, "pk", patient))
    kept.detail.update(detail)


def note_of(request: HttpRequest) -> Note:
    """The note of a request, made when it is first asked for."""
    if not hasattr(request, "recutis_note"):
        request.recutis_note = Note()
    kept: Note = request.recutis_note
    return kept


def silent(request: HttpRequest) -> None:
    """Leave this request out of the audit: a poll that shows nothing about anybody."""
    note_of(request).silent = True


def allow(*roles: str, methods: Iterable[str] = ("GET", "HEAD")) -> Callable[[View], View]:
    """Open a view to these roles (or `PUBLIC`, `LINK`) and these methods, and record what it did."""
    served = frozenset(roles)
    allowed = frozenset(methods)

    def opened(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in allowed:
                answer = HttpResponse("This page does not take that kind of request.", status=405)
                answer["Allow"] = ", ".join(sorted(allowed))
                return answer
            if not served & {PUBLIC, LINK} and user_of(request).role not in served:
                refused(request)
            answer_ = view(request, *args, **kwargs)
            if answer_.status_code < 400:
                record_answer(request, kwargs)
            elif answer_.status_code in _SHOWN_AGAIN and not connection.needs_rollback:
                record_answer(request, kwargs, refused=True)
            return answer_

        guarded.access = served  # type: ignore[attr-defined]
        guarded.methods = allowed  # type: ignore[attr-defined]
        return guarded

    return opened


def user_of(request: HttpRequest) -> User:
    """The person who is signed in.

    Raises PermissionDenied when nobody is.
    """
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return user


class RoleRefusedError(PermissionDenied):
    """Somebody tried what their role does not allow; the page that says so records it."""


def refused(request: HttpRequest) -> NoReturn:
    """Refuse what this person's role does not allow.

    Raises RoleRefusedError always.
    """
    role = user_of(request).role.replace("_", " ")
    msg = f"Your role ({role}) does not open this page. Ask an administrator of your clinic."
    raise RoleRefusedError(msg)


def record_refusal(request: HttpRequest) -> None:
    """Keep in the audit that somebody was refused; the request's own transaction is rolled back by then."""
    user = user_of(request)
    detail = {"path": request.path[:200], "method": request.method}
    record("refused", chain=str(user.clinic_id), user=user, detail=detail, address=address_of(request))


def own(request: HttpRequest, model: type[AnyModel], **which: Any) -> AnyModel:
    """The object of this person's clinic, and nobody else's.

    Raises Http404 when there is none, also when another clinic has it.
    """
    try:
        return model._default_manager.get(clinic_id=user_of(request).clinic_id, **which)
    except (model.DoesNotExist, ValueError, ValidationError) as error:
        msg = "There is no such record in your clinic."
        raise Http404(msg) from error


def record_answer(request: HttpRequest, kwargs: Mapping[str, Any], *, refused: bool = False) -> None:
    """Append the audit's entry of a request that was answered, as its note says; of one that was refused, that it was seen."""
    said = note_of(request)
    user = request.user if isinstance(request.user, User) else None
    match = request.resolver_match
    if said.silent or (user is None and not said.action):
        return
    chain, who = str(said.detail.pop("chain", "")), str(said.detail.pop("who", ""))
    verb = "not saved" if refused else "view" if request.method in {"GET", "HEAD"} else "change"
    name = match.view_name if match else request.path
    record(
        said.action if said.action and not refused else f"{verb} {name}"[:60],
        chain=str(user.clinic_id) if user else chain,
        user=user,
        who="" if user else who,
        object_type=said.object_type,
        object_id=said.object_id,
        patient_id=said.patient_id or str(kwargs.get("patient_id", "")),
        detail=said.detail,
        address=address_of(request),
    )


class AccessMiddleware:
    """Refuses views that say nothing, asks strangers to sign in, ends sessions that are too old."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; the work is done when the view is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Let a request through to its view, or answer it here.

        Raises PermissionDenied for a view without a mark.
        """
        access = getattr(view, "access", None)
        if access is None and request.path.startswith(_API):
            return None  # the interface answers strangers itself, with 401
        if access is None:
            msg = "This page is not open to anybody."
            raise PermissionDenied(msg)
        if access & {PUBLIC, LINK}:
            return None
        if not User.objects.exists():
            return redirect("accounts:first-start")
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        if too_old(request):
            logout(request)
            return _to_sign_in(request)
        return _next_step(request)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    where = reverse("accounts:sign-in")
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=401)
        answer["HX-Redirect"] = where
        return answer
    onward = {"next": request.get_full_path()} if request.method == "GET" and request.path != "/" else {}
    return redirect(f"{where}?{urlencode(onward)}" if onward else where)


def too_old(request: HttpRequest) -> bool:
    """Whether a session has lasted longer than sessions may, however much it was used."""
    since = request.session.setdefault(_SINCE, timezone.now().timestamp())
    return bool(timezone.now().timestamp() - float(since) > settings.SESSION_LONGEST_SECONDS)


def _next_step(request: HttpRequest) -> HttpResponse | None:
    """A person with a second factor shows a code first; one with a handed-out password changes it first."""
    name = request.resolver_match.view_name if request.resolver_match else ""
    if second_factor_missing(request) and name not in {"accounts:code", "accounts:sign-out"}:
        return redirect("accounts:code")
    if user_of(request).must_change_password and name not in {"accounts:password", "accounts:sign-out", "accounts:code"}:
        return redirect("accounts:password")
    return None


def second_factor_missing(request: HttpRequest) -> bool:
    """Whether this person uses one-time codes and has not shown one in this session."""
    from django_otp import user_has_device

    return bool(user_has_device(request.user, confirmed=True)) and not request.user.is_verified()
