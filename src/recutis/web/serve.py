"""Starting the workstation: tables brought up to date, then an ASGI server."""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
import warnings
from contextlib import closing
from typing import Final

from recutis.errors import InputError, RecutisError
from recutis.web.places import data_folder, secret_key

SETTINGS: Final = "recutis.web.settings"
_CODE_BYTES: Final = 9


def set_up() -> None:
    """Set Django up on the data folder; its tables stay as they are.

    Raises InputError when the data folder cannot be used.
    """
    secret_key(data_folder())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django

    django.setup()


def prepare() -> None:
    """Set Django up on the data folder and bring its tables up to date; safe to run again.

    Raises InputError when the data folder or the database cannot be used.
    """
    set_up()
    from django.core.management import call_command
    from django.db.utils import DatabaseError

    try:
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        where = "the database of DATABASE_URL" if os.environ.get("DATABASE_URL") else f"the database in {data_folder()}"
        msg = f"Cannot use {where}: {str(error).strip().splitlines()[0]}. Check that it runs and that it is not damaged."
        raise RecutisError(msg) from error


def is_this_machine(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _own_addresses(host: str) -> list[str]:
    """Names under which a server that listens on `host` is reached."""
    if host not in {"0.0.0.0", "::", "[::]"}:
        return [host]
    try:
        return sorted({str(item[4][0]) for item in socket.getaddrinfo(socket.gethostname(), None)})
    except OSError:
        return []


def _must_be_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host.strip("[]"), port))
        except OSError as error:
            msg = f"Cannot listen on {host}:{port}: {error.strerror or error}. Give another --port or --host."
            raise InputError(msg) from error


def environment_for(host: str) -> str:
    """Set what the settings read for this address; returns the set-up code, empty where none is asked for.

    Whoever reaches the machine over a network could otherwise make the first account before its owner does.
    """
    named = [item for item in os.environ.get("RECUTIS_HOSTS", "").split(",") if item.strip()]
    os.environ["RECUTIS_HOSTS"] = ",".join([*named, *_own_addresses(host)])
    if is_this_machine(host):
        return ""
    os.environ.setdefault("RECUTIS_SETUP_CODE", secrets.token_urlsafe(_CODE_BYTES))
    return os.environ["RECUTIS_SETUP_CODE"]


def run(host: str, port: int) -> None:
    """Serve until the process is told to stop.

    Raises InputError when the address is taken.
    """
    import uvicorn

    _must_be_free(host, port)
    from django.urls import get_resolver

    from recutis.web.asgi import application
    from recutis.web.awake import awake

    len(get_resolver().url_patterns)  # loads every page now, so that the first visitor does not wait for it

    # Static files are small and read from disk; that they come from an ordinary iterator is no matter.
    warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
    with awake():
        uvicorn.run(
            application, host=host.strip("[]"), port=port, log_level="warning", lifespan="off", server_header=False,
            proxy_headers=os.environ.get("RECUTIS_HTTPS") == "1", timeout_graceful_shutdown=10,
        )  # fmt: skip
