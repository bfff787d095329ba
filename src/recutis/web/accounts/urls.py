"""Addresses of accounts."""

from django.urls import path

from recutis.web.accounts import people, views

app_name = "accounts"
urlpatterns = [
    path("first-start/", views.first_start, name="first-start"),
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("sign-out-everywhere/", views.sign_out_everywhere, name="sign-out-everywhere"),
    path("code/", views.code, name="code"),
    path("password/", views.password, name="password"),
    path("me/", views.me, name="me"),
    path("me/second-factor/", views.second_factor, name="second-factor"),
    path("me/second-factor/off/", views.second_factor_off, name="second-factor-off"),
    path("me/tokens/", views.new_token, name="new-token"),
    path("me/tokens/<uuid:token_id>/revoke/", views.revoke_token, name="revoke-token"),
    path("people/", people.people, name="people"),
    path("people/add/", people.add_person, name="add-person"),
    path("people/clinic/", people.change_clinic, name="change-clinic"),
    path("people/<uuid:user_id>/", people.change_person, name="change-person"),
]
