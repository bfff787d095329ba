"""All addresses of the workstation."""

from __future__ import annotations

from django.urls import include, path

from recutis.web import shell
from recutis.web.api import api
from recutis.web.api.reference import reference, unknown

urlpatterns = [
    path("", shell.home, name="home"),
    path("alive", shell.alive, name="alive"),
    path("", include("recutis.web.accounts.urls")),
    path("patients/", include("recutis.web.patients.urls")),
    path("", include("recutis.web.planning.urls")),
    path("", include("recutis.web.delivery.urls")),
    path("", include("recutis.web.diary.urls")),
    path("", include("recutis.web.photos.urls")),
    path("", include("recutis.web.exports.urls")),
    path("audit/", include("recutis.web.audit.urls")),
    path("api/docs", reference, name="api-docs"),
    path("api/", unknown),
    path("api/", api.urls),
    path("api/<path:rest>", unknown),
]

handler400 = "recutis.web.shell.bad_request"
handler403 = "recutis.web.shell.denied"
handler404 = "recutis.web.shell.not_found"
handler500 = "recutis.web.shell.failed"
