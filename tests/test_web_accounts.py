"""Accounts: first start, signing in and out, roles, second factor, throttling, tokens; and the audit of it all."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from web_people import PASSWORD, House, house

from recutis.web.accounts.models import ApiToken, User
from recutis.web.audit.models import AppendOnlyError, AuditEntry, ChainHead
from recutis.web.audit.record import record, verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> House:
    """A clinic with everybody."""
    return house("North")


def _sign_in(client: Client, email: str, password: str) -> int:
    return client.post("/sign-in/", {"email": email, "password": password}).status_code


def test_the_first_start_asks_for_the_first_account_once() -> None:
    """Every page of an empty installation leads to the form; afterwards the form is closed."""
    client = Client()
    assert client.get("/").headers["Location"] == "/first-start/"
    told = {
        "clinic": "North", "full_name": "Ada Berg", "email": "Ada@North.example", "role": "clinician", "password": PASSWORD,
        "password_again": PASSWORD,
    }  # fmt: skip
    assert client.post("/first-start/", told).status_code == 302
    user = User.objects.get()
    assert (user.email, user.administers) == ("ada@north.example", True)
    assert user.password.startswith("argon2")

    again = Client().post("/first-start/", told | {"email": "eve@north.example"})
    assert again.headers["Location"] == "/sign-in/"
    assert User.objects.count() == 1


def test_over_a_network_the_first_start_asks_for_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot see where the server was started cannot take it over."""
    monkeypatch.setenv("RECUTIS_SETUP_CODE", "q1w2e3")
    told = {
        "clinic": "North", "full_name": "Eve", "email": "eve@north.example", "role": "clinician", "password": PASSWORD,
        "password_again": PASSWORD,
    }  # fmt: skip
    assert b"not the code" in Client().post("/first-start/", told).content
    assert not User.objects.exists()
    assert Client().post("/first-start/", told | {"code": "q1w2e3"}).status_code == 302


@pytest.mark.parametrize(
    ("password", "why"), [("short", "too short"), ("qwerty123456", "too common"), ("ada@north.example", "too similar")]
)
def test_weak_passwords_are_refused_with_the_reason(password: str, why: str) -> None:
    """The rules of passwords hold at the first start too."""
    told = {"clinic": "N", "full_name": "Ada", "email": "ada@north.example", "role": "clinician"}
    answer = Client().post("/first-start/", told | {"password": password, "password_again": password})
    assert why in answer.content.decode()
    assert not User.objects.exists()


def test_wrong_passwords_shut_the_door_for_a_while(clinic: House) -> None:
    """After five wrong ones even the right one is refused, with words; other people still get in."""
    client, email = Client(), clinic.people["nurse"].email
    for number in range(5):
        _sign_in(client, email.upper() if number % 2 else email, "wrong password here")
    assert _sign_in(client, email, PASSWORD) == 429
    assert _sign_in(Client(), clinic.people["clinician"].email, PASSWORD) == 302


def test_sign_out_everywhere_ends_other_sessions_and_tokens(clinic: House) -> None:
    """A second browser is signed out by the first, and a token stops working."""
    user = clinic.people["nurse"]
    one, two = Client(), Client()
    for client in (one, two):
        _sign_in(client, user.email, PASSWORD)
    issued = one.post("/me/tokens/", {"name": "script", "days": "5"}).content.decode()
    text = issued.partition("<p><code>")[2].partition("</code>")[0]
    assert ApiToken.objects.get().digest == ApiToken.digest_of(text)
    assert two.get("/me/").status_code == 200
    one.post("/sign-out-everywhere/")
    assert two.get("/me/").status_code == 302
    assert ApiToken.objects.filter(revoked_at=None).count() == 0


def test_a_session_ends_after_twelve_hours(clinic: House) -> None:
    """Use keeps a session alive for twelve hours, not longer."""
    client = clinic.client("nurse")
    client.get("/me/")
    session = client.session
    session["recutis_since"] = session["recutis_since"] - 12 * 3600 - 1
    session.save()
    assert client.get("/me/").headers["Location"].startswith("/sign-in/")


def test_a_second_factor_stands_before_every_page(clinic: House) -> None:
    """With one-time codes set up, the password alone opens nothing; a spare code works once."""
    user = clinic.people["clinician"]
    client = Client()
    _sign_in(client, user.email, PASSWORD)
    client.get("/me/second-factor/")
    device = TOTPDevice.objects.get(user=user)
    page = client.post("/me/second-factor/", {"code": f"{totp(device.bin_key):06d}"}).content.decode()
    spare = page.partition("<li><code>")[2].partition("</code>")[0]
    assert spare

    later = Client()
    _sign_in(later, user.email, PASSWORD)
    assert later.get("/me/").headers["Location"] == "/code/"
    assert "not valid" in later.post("/code/", {"code": "000000"}).content.decode()
    TOTPDevice.objects.update(throttling_failure_count=0)
    StaticDevice.objects.update(throttling_failure_count=0)
    assert later.post("/code/", {"code": spare}).status_code == 302
    assert later.get("/me/").status_code == 200
    third = Client()
    _sign_in(third, user.email, PASSWORD)
    assert third.post("/code/", {"code": spare}).status_code == 200, "a spare code was accepted twice"


def test_a_handed_out_password_must_be_changed(clinic: House) -> None:
    """A new account sees nothing before its owner has chosen a password."""
    admin = clinic.client("administrator")
    told = {"full_name": "New Nurse", "email": "new@north.example", "role": "nurse", "password": "first password 77"}
    assert admin.post("/people/add/", told).status_code == 302
    client = Client()
    _sign_in(client, "new@north.example", "first password 77")
    assert client.get("/me/").headers["Location"] == "/password/"
    changed = {"old": "first password 77", "password": PASSWORD, "password_again": PASSWORD}
    assert client.post("/password/", changed).status_code == 302
    assert client.get("/me/").status_code == 200


def test_only_administrators_open_accounts_and_only_in_their_clinic(clinic: House) -> None:
    """Other roles are refused and recorded; another clinic's person is not found."""
    south = house("South")
    told = {"full_name": "X", "email": "x@north.example", "role": "nurse", "password": "first password 77"}
    for role in ("clinician", "nurse", "front_desk", "researcher"):
        assert clinic.client(role).post("/people/add/", told).status_code == 403
    victim = south.people["nurse"]
    assert clinic.client("administrator").post(f"/people/{victim.pk}/", {"what": "close"}).status_code == 404
    victim.refresh_from_db()
    assert victim.is_active


def test_signing_in_does_not_lead_to_another_site(clinic: House) -> None:
    """`next` is followed inside this site only."""
    user = clinic.people["nurse"]
    answer = Client().post("/sign-in/", {"email": user.email, "password": PASSWORD, "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


def _views(patterns: list[URLPattern | URLResolver], before: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for item in patterns:
        place = before + str(item.pattern)
        found += _views(item.url_patterns, place) if isinstance(item, URLResolver) else [(place, item.callback)]
    return found


def test_every_page_says_whom_it_serves() -> None:
    """A view without a mark would be refused; there is none outside the interface, which has its own door."""
    views = [(place, view) for place, view in _views(get_resolver().url_patterns) if not place.startswith("api/")]
    assert len(views) > 15
    assert [place for place, view in views if not getattr(view, "access", None)] == []


# The audit


def test_what_people_do_is_recorded_in_their_clinics_chain(clinic: House) -> None:
    """Signing in, a refusal and a change each leave an entry with name, role and address."""
    user = clinic.people["nurse"]
    client = Client()
    _sign_in(client, user.email, "wrong wrong wrong")
    _sign_in(client, user.email, PASSWORD)
    client.get("/people/")
    actions = list(AuditEntry.objects.filter(chain=str(clinic.clinic.pk)).order_by("number").values_list("action", flat=True))
    assert actions == ["sign-in refused", "signed in", "refused"]
    assert verify().faults == ()


def test_entries_cannot_be_changed_or_deleted(clinic: House) -> None:
    """Neither through the models nor in the database itself."""
    entry = record("tested", chain=str(clinic.clinic.pk), user=clinic.people["nurse"])
    entry.action = "other"
    with pytest.raises(AppendOnlyError, match="cannot be changed"):
        entry.save()
    with pytest.raises(AppendOnlyError, match="cannot be deleted"):
        AuditEntry.objects.all().delete()
    for sql in ("UPDATE audit_auditentry SET action = 'x'", "DELETE FROM audit_auditentry"):
        with pytest.raises(DatabaseError, match="cannot be"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def _drop_triggers(cursor: CursorWrapper) -> None:
    """What somebody does who has the database itself in hand."""
    if connection.vendor == "sqlite":
        cursor.execute("DROP TRIGGER audit_no_update")
        cursor.execute("DROP TRIGGER audit_no_delete")
    else:
        cursor.execute("DROP TRIGGER audit_no_change ON audit_auditentry")


def test_verification_finds_what_was_tampered_with(clinic: House) -> None:
    """A changed entry, a removed one, a cut-off end and a rewritten chain are all found."""
    chain = str(clinic.clinic.pk)
    for number in range(6):
        record(f"step {number}", chain=chain)
    noted = {chain: (ChainHead.objects.get(chain=chain).number, ChainHead.objects.get(chain=chain).hash)}
    assert verify(noted).faults == ()
    with connection.cursor() as cursor:
        _drop_triggers(cursor)

        def found(sql: str) -> list[str]:
            point = transaction.savepoint()
            cursor.execute(sql)
            words = [fault.what for fault in verify(noted).faults]
            transaction.savepoint_rollback(point)
            return words

        assert "was changed after it was written" in found("UPDATE audit_auditentry SET who = 'nobody' WHERE number = 3")
        assert "entries 4 to 4 are missing" in found("DELETE FROM audit_auditentry WHERE number = 4")
        assert any("newest entries are missing" in word for word in found("DELETE FROM audit_auditentry WHERE number > 4"))
        cut = "UPDATE audit_chainhead SET number = 5, hash = (SELECT hash FROM audit_auditentry WHERE number = 5)"
        assert found(cut)
