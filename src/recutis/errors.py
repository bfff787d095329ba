"""Errors a person can act on: each is one sentence that names the thing, the value, what is allowed and what to do."""

from __future__ import annotations


class RecutisError(Exception):
    """Base of every error raised on purpose. The text is one clear sentence."""

    exit_code = 1


class InputError(RecutisError):
    """Something the user gave is wrong: file, key, value, unit, setting."""

    exit_code = 2


class OutOfRangeError(InputError):
    """A value lies outside a device's limits or outside the range of the data."""


class UnknownNameError(InputError):
    """A name (evidence row, device, site, concern kind) is not known; the text lists the nearest."""


class CancelledError(RecutisError):
    """A long computation was cancelled by the caller."""
