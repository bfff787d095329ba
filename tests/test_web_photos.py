"""Photographs: what is taken and what is refused, how they are kept and shown, consent, removal."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image, ImageCms
from web_people import House, house
from web_sessions import picture_bytes, released_session, signed_consent

from recutis.web.audit.models import AuditEntry
from recutis.web.delivery.models import Consent, Session
from recutis.web.photos.consent import consent_of
from recutis.web.photos.intake import PhotoRefusedError, cleaned
from recutis.web.photos.models import Photo
from recutis.web.photos.shelf import small_name

SECRET = b"GPS 48.2082 16.3738 by Somebody"


def _clean(data: bytes) -> Image.Image:
    found = cleaned(io.BytesIO(data), len(data))
    picture = Image.open(io.BytesIO(found.jpeg))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (found.width, found.height))
    return picture


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_bomb(side: int) -> bytes:
    """A few bytes that claim to be a square of that many pixels a side."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _png_chunk(b"IHDR", head)
        + _png_chunk(b"IDAT", zlib.compress(b"\0" * 4096))
        + _png_chunk(b"IEND", b"")
    )


def _zip_with_picture() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("photo.jpg", b"\0" * 5_000_000)
    return out.getvalue()


def _moving(kind: str) -> bytes:
    frames = [Image.new("RGB", (500, 500), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, format=kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "The file is empty"),
        (SVG, "not a photograph that can be read. Send a JPEG, PNG or WebP"),
        (b"<!doctype html><script>alert(1)</script>", "not a photograph"),
        (b"%PDF-1.7 ...", "not a photograph"),
        (_zip_with_picture(), "not a photograph"),
        (HEIC, "HEIC photograph.*Most Compatible"),
        (picture_bytes("GIF"), "not a photograph"),
        (picture_bytes("TIFF"), "not a photograph"),
        (_moving("WEBP"), "moving picture"),
        (_moving("PNG"), "moving picture"),
        (picture_bytes(size=(399, 900)), "399 × 900 pixels; each side must have 400"),
        (picture_bytes()[:4000], "damaged or cut off"),
        (picture_bytes("PNG")[:600], "damaged or cut off"),
        (_png_bomb(9000), r"9000 × 9000 pixels \(81 million\); up to 50 million"),
        (_png_bomb(60_000), "far more than 50 million pixels"),
        (_png_bomb(1000), "damaged or cut off"),
        (picture_bytes("PNG", size=(16_001, 400)), "16000 on a side"),
    ],
)
def test_what_is_no_still_photograph_is_refused_in_one_sentence(data: bytes, why: str) -> None:
    """By its content, whatever it is called; the sentence says what to send."""
    with pytest.raises(PhotoRefusedError, match=why):
        cleaned(io.BytesIO(data), len(data))


def test_a_file_over_15_mb_is_refused_before_it_is_read() -> None:
    """The size alone decides."""
    with pytest.raises(PhotoRefusedError, match="has 16 MB; a photograph may have up to 15 MB"):
        cleaned(io.BytesIO(picture_bytes()), 16 * 1024**2)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "MPO"])
def test_the_usual_kinds_are_taken(kind: str) -> None:
    """Also the JPEG of telephones that holds a second picture behind the first."""
    more = {"save_all": True, "append_images": [Image.new("RGB", (500, 500))]} if kind == "MPO" else {}
    assert _clean(picture_bytes(kind, **more)).size == (640, 480)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_orientation_is_applied_and_all_metadata_is_gone(kind: str) -> None:
    """Place, author and comment do not survive; the picture stands upright."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x013B] = SECRET.decode()
    exif.get_ifd(0x8825)[1] = "N"
    more = {"comment": SECRET} if kind == "JPEG" else {}
    data = picture_bytes(kind, exif=exif, **more)
    assert b"Somebody" in data
    picture = _clean(data)
    assert picture.size == (480, 640)
    assert dict(picture.getexif()) == {}
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    found = cleaned(io.BytesIO(data), len(data))
    assert b"Somebody" not in found.jpeg + found.small
    assert b"Exif" not in found.jpeg + found.small


def test_what_hides_behind_a_picture_is_left_behind() -> None:
    """A JPEG that is also a page and an archive comes out as a picture alone."""
    data = picture_bytes() + b"<script>alert(1)</script>" + _zip_with_picture()
    found = cleaned(io.BytesIO(data), len(data))
    assert b"<script>" not in found.jpeg
    assert not zipfile.is_zipfile(io.BytesIO(found.jpeg))


def test_the_same_file_gives_the_same_photograph() -> None:
    """So that a photograph sent twice is recognised."""
    data = picture_bytes("PNG")
    assert cleaned(io.BytesIO(data), len(data)).sha256 == cleaned(io.BytesIO(data), len(data)).sha256


def test_colours_are_told_in_srgb() -> None:
    """A picture with the profile of another space is converted; a broken profile changes nothing."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"....").replace(b"gXYZ", b"rXYZ").replace(b"....", b"gXYZ")
    red = Image.new("RGB", (500, 500), (200, 60, 60))

    def middle(profile: bytes | None) -> tuple[int, ...]:
        out = io.BytesIO()
        red.save(out, format="PNG", icc_profile=profile)
        return tuple(_clean(out.getvalue()).getpixel((250, 250)))  # type: ignore[arg-type]

    plain = middle(None)
    assert middle(b"no profile at all") == plain
    assert all(abs(one - other) <= 2 for one, other in zip(plain, (200, 60, 60), strict=True))
    assert all(abs(one - other) <= 3 for one, other in zip(middle(srgb), plain, strict=True))
    assert all(abs(one - other) <= 3 for one, other in zip(middle(swapped), (60, 200, 60), strict=True))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "CMYK", "I;16"])
def test_other_kinds_of_pixels_become_colours(mode: str) -> None:
    """What was see-through lies on white; 16 bits keep their middle grey."""
    clear = Image.new("RGBA", (500, 500), (0, 0, 0, 0))
    picture = Image.new("I;16", (500, 500), 0x8000) if mode == "I;16" else clear.convert(mode)
    out = io.BytesIO()
    picture.save(out, format="JPEG" if mode == "CMYK" else "PNG")
    level = _clean(out.getvalue()).getpixel((9, 9))
    expected = {"RGBA": 255, "LA": 255, "I;16": 128}.get(mode)
    assert expected is None or level == (expected,) * 3


# In the workstation


@pytest.fixture
def clinic(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:  # noqa: ARG001
    """A clinic with everybody and a photo folder of its own."""
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path / "photos")
    return house("North")


@pytest.fixture
def session(clinic: House) -> Session:
    """A session whose patient has signed that photographs may be taken."""
    made = released_session(clinic)
    signed_consent(made)
    return made


def _file(data: bytes | None = None, name: str = "face.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture_bytes() if data is None else data, content_type="image/jpeg")


def _add(clinic: House, session: Session, role: str = "nurse", **told: object) -> int:
    sent = {"photo": _file(), "view": "front", "site": "cheek", "taken_on": timezone.localdate().isoformat()} | told
    return clinic.client(role).post(reverse("photos:patient", args=[session.patient_id]), sent).status_code


def test_a_photograph_is_kept_under_a_name_of_its_own(clinic: House, session: Session) -> None:
    """Random name, the server's user alone may read it, and the digest is of what lies there."""
    assert _add(clinic, session, photo=_file(name="../../../etc/passwd\x00.svg")) == 302
    photo = Photo.objects.get()
    folder = Path(settings.MEDIA_ROOT)
    assert sorted(item.name for item in folder.iterdir()) == sorted([photo.file_name, small_name(photo.file_name)])
    data = (folder / photo.file_name).read_bytes()
    assert stat.S_IMODE((folder / photo.file_name).stat().st_mode) == 0o600
    assert (len(data), photo.site, photo.uploaded_by) == (photo.bytes, "cheek", clinic.people["nurse"])
    assert cleaned(io.BytesIO(picture_bytes()), 9).sha256 == photo.sha256
    assert AuditEntry.objects.get(action="photograph added").detail["sha256"] == photo.sha256
    assert _add(clinic, session) == 302
    assert Photo.objects.count() == 1, "the form was sent twice and kept twice"


def test_a_failed_save_leaves_no_file(clinic: House, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row could not be kept, so the files go."""

    def broken(*_args: object, **_told: object) -> None:
        msg = "the disk is full"
        raise OSError(msg)

    monkeypatch.setattr(Photo.objects, "create", broken)
    with pytest.raises(OSError, match="the disk is full"):
        _add(clinic, session)
    assert list(Path(settings.MEDIA_ROOT).iterdir()) == []


def test_a_photograph_is_served_to_those_who_treat_in_this_clinic(clinic: House, session: Session) -> None:
    """As a JPEG that nothing keeps or guesses about; others are refused or find nothing."""
    _add(clinic, session)
    photo = Photo.objects.get()
    where = reverse("photos:file", args=[session.patient_id, photo.pk])
    answer = clinic.client("clinician").get(where)
    assert answer.content[:2] == b"\xff\xd8"
    told = {"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
    assert {name: answer[name] for name in told} == told
    assert answer["Content-Disposition"].startswith("inline")
    small = clinic.client("nurse").get(reverse("photos:small", args=[session.patient_id, photo.pk]))
    assert 0 < len(small.content) < len(answer.content)
    south = house("South")
    pages = [where, reverse("photos:patient", args=[session.patient_id]), reverse("photos:compare", args=[session.patient_id])]
    for page in pages:
        assert south.client("clinician").get(page).status_code == 404
        for role in ("front_desk", "researcher", "administrator"):
            assert clinic.client(role).get(page).status_code == 403
    other = reverse("photos:file", args=[clinic.patients[1].pk, photo.pk])
    assert clinic.client("nurse").get(other).status_code == 404
    assert AuditEntry.objects.filter(action="view photos:file", object_id=str(photo.pk)).count() == 1


def test_the_clinic_adds_photographs_with_consent_only(clinic: House, session: Session) -> None:
    """Without a signature, or after it was withdrawn, the form is refused with what to do."""
    Consent.objects.update(withdrawn_at=timezone.now())
    client, where = clinic.client("nurse"), reverse("photos:patient", args=[session.patient_id])
    assert "No consent to photographs for care" in client.get(where).content.decode()
    answer = client.post(where, {"photo": _file(), "view": "front", "taken_on": timezone.localdate().isoformat()})
    assert answer.status_code == 422
    assert "Have the consent signed first" in answer.content.decode()
    assert not Photo.objects.exists()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"photo": _file(SVG, "face.jpg")}, "not a photograph"),
        ({"taken_on": "2999-01-01"}, "1 Jan 2999 has not come yet"),
        ({"view": "inside"}, "Select a valid choice"),
        ({"photo": ""}, "Choose a photograph"),
    ],
)
def test_a_refused_form_says_why(clinic: House, session: Session, told: dict[str, object], why: str) -> None:
    """One sentence beside the field; nothing is kept."""
    sent = {"photo": _file(), "view": "front", "taken_on": timezone.localdate().isoformat()} | told
    answer = clinic.client("nurse").post(reverse("photos:patient", args=[session.patient_id]), sent)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not Photo.objects.exists()


def test_teaching_follows_the_patients_consent(clinic: House, session: Session) -> None:
    """Refused without it, allowed with it, and shown as ended when it is withdrawn."""
    _add(clinic, session)
    photo = Photo.objects.get()
    client, where = clinic.client("nurse"), reverse("photos:teaching", args=[session.patient_id, photo.pk])
    page = client.post(where, {"allowed": "yes"}, follow=True).content.decode()
    assert "has not consented to photographs for teaching" in page
    photo.refresh_from_db()
    assert not photo.teaching_allowed
    consent = signed_consent(session, teaching=True)
    client.post(where, {"allowed": "yes"})
    photo.refresh_from_db()
    assert photo.teaching_allowed
    consent.withdrawn_at = timezone.now()
    consent.save()
    assert "consent ended" in client.get(reverse("photos:patient", args=[session.patient_id])).content.decode()


def test_withdrawing_a_consent_ends_teaching_and_brings_no_older_one_back(clinic: House, session: Session) -> None:
    """By the page: photographs are not for teaching any more, and none is taken under the consent before."""
    older, newer = signed_consent(session, teaching=True), signed_consent(session, teaching=True)
    _add(clinic, session)
    photo = Photo.objects.get()
    client = clinic.client("nurse")
    client.post(reverse("photos:teaching", args=[session.patient_id, photo.pk]), {"allowed": "yes"})
    assert Photo.objects.filter(teaching_allowed=True).exists()
    client.post(reverse("delivery:withdraw-consent", args=[newer.pk]), {"why": "no more"})
    assert not Photo.objects.filter(teaching_allowed=True).exists()
    older.refresh_from_db()
    assert older.withdrawn_at is None
    assert not consent_of(session.patient).care


def test_only_a_clinician_removes_a_photograph_and_says_why(
    clinic: House, session: Session, django_capture_on_commit_callbacks: object
) -> None:
    """Its files go, its row stays with name and reason."""
    _add(clinic, session)
    photo = Photo.objects.get()
    where = reverse("photos:remove", args=[session.patient_id, photo.pk])
    assert clinic.client("nurse").post(where, {"why": "wrong patient"}).status_code == 403
    doctor = clinic.client("clinician")
    assert doctor.post(where, {"why": " "}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert doctor.post(where, {"why": "wrong patient"}).status_code == 302
    photo.refresh_from_db()
    assert (photo.removed_by, photo.removed_why) == (clinic.people["clinician"], "wrong patient")
    assert list(Path(settings.MEDIA_ROOT).iterdir()) == []
    assert doctor.get(reverse("photos:file", args=[session.patient_id, photo.pk])).status_code == 404
    page = doctor.get(reverse("photos:patient", args=[session.patient_id])).content.decode()
    assert "wrong patient" in page
    assert doctor.get(where).status_code == 404


def test_before_and_after_sets_first_and_last_of_a_view_side_by_side(clinic: House, session: Session) -> None:
    """With their dates; two views are told apart; no style in the page."""
    for day, view in (("2026-01-05", "front"), ("2026-03-05", "front"), ("2026-04-05", "left")):
        _add(clinic, session, taken_on=day, view=view)
    first, last, left = Photo.objects.order_by("taken_on")
    where = reverse("photos:compare", args=[session.patient_id])
    page = clinic.client("nurse").get(where).content.decode()
    assert page.index(f"{first.pk}.jpg") < page.index(f"{last.pk}.jpg")
    assert "Before · 5 Jan 2026" in page
    assert "59 days apart" in page
    assert "style=" not in page
    page = clinic.client("nurse").get(f"{where}?before={first.pk}&after={left.pk}").content.decode()
    assert "Two different views" in page
    assert "nonsense" not in clinic.client("nurse").get(f"{where}?before=nonsense").content.decode()
