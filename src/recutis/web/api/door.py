"""The interface itself, and who is let in: a signed-in browser or a bearer token; strangers get 401."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError, ValidationErrorContext
from ninja.security import HttpBearer, SessionAuth
from ninja.utils import check_csrf

from recutis import __version__
from recutis.errors import RecutisError
from recutis.web.access import RoleRefusedError, record_refusal, second_factor_missing, too_old
from recutis.web.accounts.models import ApiToken, User
from recutis.web.api.guard import ConflictError
from recutis.web.api.reading import CarefulParser, UnreadableError, sentence, words_of


class TokenAuth(HttpBearer):
    """A token that its owner has issued and not revoked."""

    def authenticate(self, request: HttpRequest, token: str) -> Any | None:
        """The owner, or nobody."""
        found = ApiToken.objects.select_related("user", "user__clinic").filter(digest=ApiToken.digest_of(token)).first()
        now = timezone.now()
        if found is None or found.revoked_at is not None or found.expires_at <= now or not found.user.is_active:
            return None
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
        request.user = found.user
        return found.user


class BrowserAuth(SessionAuth):
    """A signed-in browser, with its second factor where it uses one, and the CSRF token with every change."""

    def __call__(self, request: HttpRequest) -> Any | None:
        """The person who is signed in, or nobody; a stranger is a stranger before any token of a form is asked for.

        Raises HttpError for a change without the token.
        """
        user = self.authenticate(request, None)
        if user is not None and check_csrf(request):
            raise HttpError(
                403, "A change from a browser needs the CSRF token of one of our pages; programs send a bearer token."
            )
        return user

    def authenticate(self, request: HttpRequest, key: str | None) -> Any | None:
        """The person who is signed in, or nobody."""
        user = super().authenticate(request, key)
        if not isinstance(user, User) or second_factor_missing(request) or user.must_change_password or too_old(request):
            return None
        return user


class _Interface(NinjaAPI):
    """Keeps the value that was refused, so that the sentence can name it."""

    def validation_error_from_error_contexts(self, error_contexts: list[ValidationErrorContext[Any]]) -> ValidationError:
        """The errors of all parts of a request, each with its place."""
        found: list[dict[str, Any]] = []
        for context in error_contexts:
            source = context.model.__ninja_param_source__
            errors = context.pydantic_validation_error.errors(include_url=False, include_context=False)
            found += [{**one, "loc": (source, *one["loc"])} for one in errors]
        return ValidationError(found)


api = _Interface(
    title="Recutis",
    version=__version__,
    description="Records, plans, sessions and diaries of one clinic. For research and education; not cleared as a medical device.",
    auth=[TokenAuth(), BrowserAuth()],
    docs_url=None,
    parser=CarefulParser(),
    urls_namespace="api",
)


def _problem(request: HttpRequest, words: str, status: int) -> HttpResponse:
    answer = api.create_response(request, {"detail": words}, status=status)
    if status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(HttpError)
def _refusal(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _problem(request, *words_of(error))


@api.exception_handler(UnreadableError)
def _unreadable(request: HttpRequest, error: UnreadableError) -> HttpResponse:
    return _problem(request, str(error), error.status)


@api.exception_handler(ValidationError)
def _not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return _problem(request, sentence(error.errors), 422)


@api.exception_handler(RecutisError)
def _wrong_input(request: HttpRequest, error: RecutisError) -> HttpResponse:
    return _problem(request, str(error), 422)


@api.exception_handler(ConflictError)
def _conflict(request: HttpRequest, error: ConflictError) -> HttpResponse:
    return _problem(request, str(error), 409)


@api.exception_handler(Http404)
def _not_there(request: HttpRequest, error: Http404) -> HttpResponse:
    return _problem(request, str(error) or "There is no such record in your clinic.", 404)


@api.exception_handler(PermissionDenied)
def _not_allowed(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    if isinstance(error, RoleRefusedError):
        record_refusal(request)
    return _problem(request, str(error) or "Your role does not open this.", 403)


@api.exception_handler(SuspiciousOperation)
def _suspicious(request: HttpRequest, _error: SuspiciousOperation) -> HttpResponse:
    return _problem(request, "The request is too large or malformed; send less at once.", 400)
