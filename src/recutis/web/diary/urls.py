"""Addresses of this part."""

from __future__ import annotations

from django.urls import path

from recutis.web.diary import inbox_views, patient_views, staff_views

app_name = "diary"
urlpatterns = [
    path("diary/open/<str:token>/", patient_views.open_link, name="open"),
    path("diary/", patient_views.today, name="today"),
    path("diary/saved/<uuid:entry_id>/", patient_views.saved, name="saved"),
    path("diary/close/", patient_views.close, name="close"),
    path("inbox/", inbox_views.inbox, name="inbox"),
    path("inbox/list/", inbox_views.inbox_list, name="inbox-list"),
    path("inbox/bell/", inbox_views.bell, name="bell"),
    path("inbox/times/", inbox_views.times, name="times"),
    path("inbox/<uuid:alarm_id>/", inbox_views.alarm, name="alarm"),
    path("patients/<uuid:patient_id>/diary/", staff_views.patient, name="patient"),
    path("patients/<uuid:patient_id>/diary/link/", staff_views.make_link, name="make-link"),
    path("patients/<uuid:patient_id>/diary/links/<uuid:link_id>/revoke/", staff_views.revoke_link, name="revoke-link"),
    path("patients/<uuid:patient_id>/diary/observation/", staff_views.observation, name="observation"),
]
