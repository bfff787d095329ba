"""Starting the workstation: tables brought up to date, then an ASGI server."""

from __future__ import annotations

import ipaddress
import os
import secrets
import signal
import socket
import sys
import warnings
import zoneinfo
from contextlib import closing
from pathlib import Path
from typing import IO, Final

from recutis.errors import InputError, RecutisError
from recutis.web.places import data_folder, secret_key

SETTINGS: Final = "recutis.web.settings"
LOCK: Final = "serving"
"""The file in the data folder that the serving process holds."""
_CODE_BYTES: Final = 9


def set_up() -> None:
    """Set Django up on the data folder; its tables stay as they are.

    Raises InputError when the data folder cannot be used.
    """
    secret_key(data_folder())
    _check_environment()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django

    django.setup()


def _check_environment() -> None:
    """Raises InputError for a DATABASE_URL or TZ that the settings cannot use; a password in the address is not repeated."""
    import dj_database_url

    url, zone = os.environ.get("DATABASE_URL", ""), os.environ.get("TZ", "")
    try:
        good = not url or dj_database_url.parse(url)["ENGINE"].rpartition(".")[2] in {"postgresql", "sqlite3"}
    except ValueError:
        good = False
    if not good:
        msg = "DATABASE_URL is not an address of a database; give postgresql://USER:PASSWORD@HOST:PORT/NAME, or unset it for SQLite."
        raise InputError(msg)
    try:
        if zone:
            zoneinfo.ZoneInfo(zone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:
        msg = f"TZ is {zone!r}, which is no time zone; give a name such as Europe/Vienna, or unset it for UTC."
        raise InputError(msg) from error


def only_one(folder: Path) -> IO[bytes]:
    """Keep a data folder for this process until the file that is given back is closed, or the process ends.

    Raises InputError while another process keeps it.
    """
    kept = (folder / LOCK).open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(kept.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(kept, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        kept.close()
        msg = f"Another 'recutis serve' uses the data folder {folder}. Stop that one, or give another folder in RECUTIS_DATA."
        raise InputError(msg) from error
    return kept


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


def must_be_free(host: str, port: int) -> None:
    """Raises InputError when nothing can listen on an address."""
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
    """Serve until the process is told to stop."""
    import uvicorn
    from django.urls import get_resolver

    from recutis.web.asgi import application
    from recutis.web.awake import awake

    # The server hands the signal on when it has stopped; without this the process would end before its workers do.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    len(get_resolver().url_patterns)  # loads every page now, so that the first visitor does not wait for it

    # Static files are small and read from disk; that they come from an ordinary iterator is no matter.
    warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
    with awake():
        uvicorn.run(
            application, host=host.strip("[]"), port=port, log_level="warning", lifespan="off", server_header=False,
            proxy_headers=os.environ.get("RECUTIS_HTTPS") == "1", timeout_graceful_shutdown=10,
        )  # fmt: skip
