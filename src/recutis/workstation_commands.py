"""Commands of the workstation: `recutis serve`, `recutis demo`, `recutis audit verify`, `recutis backup`, `recutis restore`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recutis.errors import InputError, RecutisError
from recutis.terminal import progress

if TYPE_CHECKING:
    from recutis.web.audit.record import Verified

audit = typer.Typer(no_args_is_help=True, help="The workstation's record of every view and change.")
_LAST_PORT = 65535
_MOST_DEMO_PATIENTS = 20_000
_SYLLABLES = tuple(one + two for one in "bdfgklmnprstvz" for two in "aeiou")


def _with_web() -> None:
    if find_spec("django") is None or find_spec("ninja") is None:
        msg = "The workstation needs further packages: install them with 'pip install recutis[web]'."
        raise RecutisError(msg)


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen on.")] = 8000,
) -> None:
    """Open the clinic's workstation in the browser: records, planning, delivery, diary.

    Data lie in the folder of `RECUTIS_DATA`, else in the user's data folder.
    """
    _with_web()
    if not 0 < port <= _LAST_PORT:
        msg = f"--port is {port}; give a number from 1 to {_LAST_PORT}."
        raise InputError(msg)
    from recutis.web.places import data_folder
    from recutis.web.serve import environment_for, is_this_machine, must_be_free, only_one, prepare, run

    must_be_free(host, port)
    held = only_one(data_folder())
    code = environment_for(host)
    prepare()
    from recutis.web.accounts.models import User

    shown = "localhost" if host in {"0.0.0.0", "::"} else host
    typer.echo(f"Recutis is open at http://{shown}:{port}/ (data in {data_folder()}). Stop it with Ctrl+C.", err=True)
    if code and not User.objects.exists():
        typer.echo(f"Set-up code for the first account: {code}", err=True)
    if not is_this_machine(host):
        typer.echo("Others can reach this address: put a proxy with HTTPS in front and set RECUTIS_HTTPS=1.", err=True)
    with held:
        run(host, port)


def demo(
    patients: Annotated[int, typer.Option("--patients", help="How many invented patients, 1 to 20000.")] = 40,
) -> None:
    """Fill an empty data folder with an invented clinic, to look at and to measure with.

    Example: `RECUTIS_DATA=/tmp/demo recutis demo`, then `RECUTIS_DATA=/tmp/demo recutis serve`
    """
    _with_web()
    if not 1 <= patients <= _MOST_DEMO_PATIENTS:
        msg = f"--patients is {patients}; give a number from 1 to {_MOST_DEMO_PATIENTS}."
        raise InputError(msg)
    from recutis.web.places import data_folder
    from recutis.web.serve import prepare

    prepare()
    from recutis.web.accounts.models import User
    from recutis.web.demo.fill import fill

    password = "-".join(secrets.choice(_SYLLABLES) + secrets.choice(_SYLLABLES) for _ in range(4))
    made = fill(patients, password=password)
    typer.echo(f"Demo clinic in {data_folder()}: {', '.join(f'{count} {what}' for what, count in made.items())}.")
    for user in User.objects.order_by("role", "email"):
        typer.echo(f"{user.email:28}{user.full_name}, {user.role.replace('_', ' ')}")
    typer.echo(f"Password of all of them: {password}")
    typer.echo("Everybody in it is invented. Open it with 'recutis serve'.", err=True)


@audit.command("verify")
def audit_verify(
    expect: Annotated[
        list[str] | None, typer.Option("--expect", help="A head noted earlier, as CHAIN:NUMBER:HASH; may be given again.")
    ] = None,
) -> None:
    """Check that no entry of the audit was changed, removed or put in since it was written."""
    _with_web()
    from recutis.web.serve import prepare

    known = dict(_head(text) for text in expect or ())
    prepare()
    from recutis.web.audit.record import verify

    _show_verified(verify(known))


def _show_verified(found: Verified) -> None:
    """Print the newest entry of each chain and what is wrong with any.

    Raises RecutisError when something is.
    """
    for chain, (number, head) in found.heads.items():
        typer.echo(f"{chain or 'installation'}:{number}:{head}")
    for fault in found.faults:
        typer.echo(f"Chain {fault.chain or 'installation'}, entry {fault.number}: {fault.what}.", err=True)
    if found.faults:
        msg = (
            f"The audit does not verify: {len(found.faults)} faults in {found.entries} entries. "
            "Keep the data folder as it is and restore a copy elsewhere."
        )
        raise RecutisError(msg)
    typer.echo(f"All {found.entries} entries are as they were written.", err=True)


def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write, such as recutis-2026-11-26.zip; it must not exist.")],
) -> None:
    """Write every record, the photographs and the key into one archive, while the server runs or not.

    Example: `recutis backup /media/safe/recutis-2026-11-26.zip`
    """
    _with_web()
    from recutis.web.places import data_folder, has_records

    folder = data_folder()
    if not has_records(folder):
        msg = f"There is no workstation in {folder}. Give its folder in RECUTIS_DATA."
        raise InputError(msg)
    from recutis.web.backup import backup as write
    from recutis.web.serve import set_up

    set_up()
    with progress("Backing up", quiet=False) as told:
        made = write(file.expanduser(), folder, progress=told)
    typer.echo(f"{file}: {_told(made)}")
    for chain, (number, head) in made["audit_heads"].items():
        typer.echo(f"{chain or 'installation'}:{number}:{head}")
    typer.echo("The archive holds patients' records and the key that signs links. Keep it as safe as the data.", err=True)


def restore(
    file: Annotated[Path, typer.Argument(help="An archive that 'recutis backup' wrote.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Move what the data folder holds into a folder of its own first. Stop the server before."),
    ] = False,
) -> None:
    """Put an archive of `recutis backup` into an empty data folder, after checking every file in it.

    Example: `RECUTIS_DATA=/srv/recutis recutis restore recutis-2026-11-26.zip`
    """
    _with_web()
    from recutis.web.places import data_folder
    from recutis.web.restore import restore as put_back

    folder = data_folder()
    with progress("Restoring", quiet=False) as told:
        made = put_back(file.expanduser(), folder, replace=replace, progress=told)
    typer.echo(f"Restored into {folder}: {_told(made.manifest)}")
    _show_verified(made.audit)


def _told(manifest: Mapping[str, Any]) -> str:
    rows = manifest["rows"]
    photos = sum(name.startswith("photos/") for name in manifest["files"])
    return (
        f"{rows.get('patients.patient', 0)} patients, {sum(rows.values())} rows, {photos} photographs, of {manifest['made_at']}."
    )


def _head(text: str) -> tuple[str, tuple[int, str]]:
    chain, _, rest = text.partition(":")
    number, _, head = rest.partition(":")
    if not number.isdecimal() or len(head) != 64:
        msg = f"--expect is '{text}'; give CHAIN:NUMBER:HASH as 'recutis audit verify' printed it."
        raise InputError(msg)
    return "" if chain == "installation" else chain, (int(number), head)
