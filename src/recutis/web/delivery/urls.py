"""Addresses of delivery: sessions, consent, devices, release."""

from __future__ import annotations

from django.urls import URLPattern, path

from recutis.web.delivery import (
    views_consent,
    views_devices,
    views_follow_up,
    views_passes,
    views_release,
    views_session,
    views_today,
)

app_name = "delivery"
_SESSION = "sessions/<uuid:session_id>/"
_PATIENT = "patients/<uuid:patient_id>/"

urlpatterns: list[URLPattern] = [
    path("sessions/", views_today.today, name="today"),
    path(_SESSION, views_session.session, name="session"),
    path(f"{_SESSION}move/", views_today.move_session, name="move"),
    path(f"{_SESSION}cancel/", views_today.cancel_session, name="cancel"),
    path(f"{_SESSION}check/", views_session.check, name="check"),
    path(f"{_SESSION}start/", views_session.start, name="start"),
    path(f"{_SESSION}passes/<slug:site>/", views_passes.log, name="log"),
    path(f"{_SESSION}correct/<uuid:pass_id>/", views_passes.correct, name="correct"),
    path(f"{_SESSION}lots/", views_session.lots, name="lots"),
    path(f"{_SESSION}adverse-events/", views_session.adverse, name="adverse"),
    path(f"{_SESSION}end/", views_session.end, name="end"),
    path("plans/<uuid:plan_id>/release/", views_release.release_plan, name="release"),
    path("plans/<uuid:plan_id>/withdraw/", views_release.withdraw_plan, name="withdraw"),
    path("plans/<uuid:plan_id>/consent/", views_consent.sign, name="sign"),
    path("consents/<uuid:consent_id>/", views_consent.consent, name="consent"),
    path("consents/<uuid:consent_id>/withdraw/", views_consent.withdraw_consent, name="withdraw-consent"),
    path("consent-wording/", views_release.wording, name="wording"),
    path("consent-wording/<int:version>/", views_release.wording_version, name="wording-version"),
    path("devices/", views_devices.devices, name="devices"),
    path("devices/add/", views_devices.add_unit, name="add-unit"),
    path("devices/clinic-file/", views_devices.clinic_file, name="clinic-file"),
    path("devices/clinic-file/import/", views_devices.import_file, name="import-file"),
    path("devices/clinic-file/take-away/", views_devices.drop_file, name="drop-file"),
    path("devices/clinic-file/clinic.yaml", views_devices.export_file, name="export-file"),
    path("devices/<uuid:unit_id>/", views_devices.unit, name="unit"),
    path("devices/<uuid:unit_id>/retire/", views_devices.retire, name="retire"),
    path("devices/<uuid:unit_id>/measurements/<uuid:event_id>/", views_devices.use_measurement, name="use-measurement"),
    path(f"{_PATIENT}sessions/", views_today.patient_course, name="patient"),
    path(f"{_PATIENT}follow-up/", views_follow_up.follow_up, name="follow-up"),
    path(f"{_PATIENT}follow-ups/<uuid:follow_up_id>/", views_follow_up.seen, name="seen"),
    path(f"{_PATIENT}adverse-events/<uuid:event_id>/resolved/", views_session.resolved, name="resolved"),
]
