"""A photograph as it comes in, written anew from its pixels: what is kept was made here, whatever was sent."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Final

from PIL import Image, ImageCms, ImageOps

from recutis.errors import InputError

LARGEST_BYTES: Final = 15 * 1024 * 1024
LARGEST_PIXELS: Final = 50_000_000
LONGEST_SIDE: Final = 16_000
SHORTEST_SIDE: Final = 400
SMALL_SIDE: Final = 480
_QUALITY: Final = 92
_SMALL_QUALITY: Final = 80
_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_HEIC: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
_MEGA: Final = 1e6
# What decoders raise on files that are damaged or made to harm.
_BROKEN: Final = (
    OSError, ValueError, SyntaxError, TypeError, EOFError, IndexError, KeyError, OverflowError, RuntimeError, MemoryError,
    ArithmeticError, struct.error, zlib.error, Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip


class PhotoRefusedError(InputError):
    """A file that is not taken as a photograph; the message says why and what to send instead."""


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """A photograph as JPEG in sRGB without metadata, upright, and a small one for lists."""

    jpeg: bytes
    small: bytes
    width: int
    height: int

    @property
    def sha256(self) -> str:
        """Digest of the large one."""
        return hashlib.sha256(self.jpeg).hexdigest()


def cleaned(file: IO[bytes], size: int) -> Cleaned:
    """The photograph in a file of that many bytes, written anew.

    Raises PhotoRefusedError for what is not one still JPEG, PNG or WebP of the allowed size.
    """
    if size <= 0:
        msg = "The file is empty. Choose the photograph again."
        raise PhotoRefusedError(msg)
    if size > LARGEST_BYTES:
        msg = f"The file has {size / 1024**2:.0f} MB; a photograph may have up to 15 MB. Choose a smaller size in the camera."
        raise PhotoRefusedError(msg)
    picture = _opened(file)
    _check_sides(picture)
    try:
        if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
            msg = "This is a moving picture. Send a still photograph as JPEG, PNG or WebP."
            raise PhotoRefusedError(msg)
        upright = _in_srgb(ImageOps.exif_transpose(picture))
        upright.info.clear()
        return Cleaned(
            jpeg=_jpeg(upright, _QUALITY),
            small=_jpeg(_smaller(upright), _SMALL_QUALITY),
            width=upright.width,
            height=upright.height,
        )
    except PhotoRefusedError:
        raise
    except _BROKEN as error:
        msg = "The photograph is damaged or cut off and cannot be read. Take it again, or send it as a new JPEG."
        raise PhotoRefusedError(msg) from error


def _opened(file: IO[bytes]) -> Image.Image:
    file.seek(0)
    head = file.read(32)
    file.seek(0)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        msg = (
            "This is a HEIC photograph, which most browsers cannot show. On an iPhone choose Settings, Camera, Formats, Most "
            "Compatible, or send a screenshot of the photograph; JPEG, PNG and WebP are taken."
        )
        raise PhotoRefusedError(msg)
    try:
        return Image.open(file, formats=_FORMATS)  # reads the head alone; pixels are read after their number is known
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        msg = "The picture has far more than 50 million pixels. Choose a smaller size in the camera."
        raise PhotoRefusedError(msg) from error
    except _BROKEN as error:
        msg = "This is not a photograph that can be read. Send a JPEG, PNG or WebP picture."
        raise PhotoRefusedError(msg) from error


def _check_sides(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > LARGEST_PIXELS or max(width, height) > LONGEST_SIDE:
        msg = (
            f"The picture has {width} × {height} pixels ({width * height / _MEGA:.0f} million); up to 50 million and {LONGEST_SIDE} on "
            "a side are taken. Choose a smaller size in the camera."
        )
        raise PhotoRefusedError(msg)
    if min(width, height) < SHORTEST_SIDE:
        msg = f"The picture has {width} × {height} pixels; each side must have {SHORTEST_SIDE} or more. Send the original photograph."
        raise PhotoRefusedError(msg)


def _in_srgb(picture: Image.Image) -> Image.Image:
    """RGB in sRGB; what was see-through lies on white."""
    profile = picture.info.get("icc_profile")
    flat = _eight_bits(picture)
    if flat.mode in {"RGBA", "LA", "PA"} or "transparency" in flat.info:
        seen = flat.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        flat = Image.alpha_composite(white, seen).convert("RGB")
    elif flat.mode == "P":
        flat = flat.convert("RGB")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            told = ImageCms.profileToProfile(flat, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, *_BROKEN):
            told = None  # a profile that does not fit the pixels says nothing about them
        if told is not None:
            return told
    return flat.convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    if not picture.mode.startswith("I"):
        return picture
    return picture.convert("I").point(lambda level: level / 256).convert("L")


def _smaller(picture: Image.Image) -> Image.Image:
    small = picture.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE))
    return small


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    picture.save(out, format="JPEG", quality=quality, subsampling=0, exif=b"", icc_profile=None, comment=b"")
    return out.getvalue()
