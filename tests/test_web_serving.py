"""Starting and stopping the server: one on each data folder, one sentence for what cannot work, nothing left behind."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_server import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that is not started."""
    data = tmp_path / "data"
    data.mkdir()
    made = Server(data)
    yield made
    made.stop()


def _workers(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_second_server_on_the_same_data_is_refused_and_the_first_ends_with_its_workers(server: Server) -> None:
    """The second says why in one sentence; SIGTERM ends the first cleanly, and the folder is free again."""
    server.start()
    second = server.command("serve", "--port", str(Server(server.data).port))
    assert second.returncode != 0
    assert second.stderr.strip().splitlines() == [
        f"recutis: Another 'recutis serve' uses the data folder {server.data}. Stop that one, or give another folder in RECUTIS_DATA."
    ]
    taken = server.command("serve", "--port", str(server.port))
    assert taken.returncode != 0
    assert "Give another --port or --host" in taken.stderr
    assert "is open at" not in taken.stderr

    assert server.process
    process, workers = server.process, _workers(server.process.pid) if Path("/proc").exists() else []
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    until = time.monotonic() + 10
    while any(map(_runs, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(_runs, workers))
    server.process = None
    server.start()


def test_a_restore_over_a_served_folder_is_refused(server: Server, tmp_path: Path) -> None:
    """Its data stay where they are."""
    server.start()
    archive = tmp_path / "backup.zip"
    assert server.command("backup", str(archive)).returncode == 0
    told = server.command("restore", str(archive), "--replace")
    assert told.returncode != 0
    assert "Another 'recutis serve' uses the data folder" in told.stderr
    assert (server.data / "recutis.sqlite3").is_file()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "nonsense", "DATABASE_URL is not an address of a database"),
        ("DATABASE_URL", "mysql://clinic:secret@host/name", "DATABASE_URL is not an address of a database"),
        ("DATABASE_URL", "postgresql://clinic:secret@host:port/name", "DATABASE_URL is not an address of a database"),
        ("DATABASE_URL", "postgresql://clinic@127.0.0.1:1/name", "Cannot use the database of DATABASE_URL"),
        ("TZ", "Nowhere/Land", "TZ is 'Nowhere/Land', which is no time zone"),
        ("TZ", "../../etc/passwd", "which is no time zone"),
    ],
)
def test_an_environment_that_cannot_work_is_told_in_one_sentence(server: Server, name: str, value: str, words: str) -> None:
    """No traceback, and no password on the screen."""
    server.environment[name] = value
    told = server.command("serve", "--port", str(server.port))
    assert told.returncode != 0
    assert len(told.stderr.strip().splitlines()) == 1
    assert words in told.stderr
    assert "secret" not in told.stderr


@pytest.mark.parametrize("content", [b"short", b"\xff\xfe" * 60])
def test_a_damaged_key_is_told_in_one_sentence(server: Server, content: bytes) -> None:
    """What is wrong with which file, and what to do."""
    (server.data / "secret-key").write_bytes(content)
    told = server.command("serve", "--port", str(server.port))
    assert told.returncode != 0
    assert "secret-key is damaged" in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
