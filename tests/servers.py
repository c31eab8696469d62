"""A PostgreSQL, a MariaDB and an object storage of a test's own: on loopback, on a free port, gone with the test."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from pyarrow import fs

PASSWORD = "Zq7-horse@/battery#staple"  # with characters that a URL has to escape
ESCAPED = "Zq7-horse%40%2Fbattery%23staple"
PATIENCE = 60  # seconds for a server to come up on a busy machine
LONG = 600  # seconds for one that imports much first


@dataclass(frozen=True)
class Server:
    """A server that runs: how to reach it, and how to have it run SQL."""

    kind: str
    port: int
    run: Callable[..., list[Any]]  # statements -> the rows of the last one

    def url(self, *, port: int | None = None, user: str = "reader", password: str = ESCAPED, tail: str = "") -> str:
        """The URL of its database `centre`."""
        return f"{self.kind}://{user}:{password}@127.0.0.1:{port or self.port}/centre{tail}"


@contextmanager
def storage() -> Iterator[str]:
    """An object storage that speaks S3; gives its address."""
    address = f"http://127.0.0.1:{free_port()}"
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", address.rpartition(":")[2]]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + LONG
            while True:
                try:
                    with urlopen(address, timeout=LONG):
                        break
                except OSError:
                    assert time.monotonic() < until and server.poll() is None, "the server does not come up"
                    time.sleep(0.1)
            yield address
        finally:
            server.kill()


def bucket(address: str, setenv: Callable[[str, str], None], name: str) -> Any:
    """The file system of an object storage with an empty bucket; keys and address are put into the environment."""
    setenv("AWS_ENDPOINT_URL", address)
    setenv("AWS_ACCESS_KEY_ID", "key")
    setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    setenv("AWS_REGION", "eu-central-1")
    made = fs.S3FileSystem(endpoint_override=address.partition("//")[2], scheme="http", allow_bucket_creation=True)
    made.create_dir(name)
    made.delete_dir_contents(name)
    return made


@contextmanager
def postgres(settings: Mapping[str, object] | None = None, kept: Path | None = None) -> Iterator[Server]:
    """A PostgreSQL with the database `centre`, its owner `owner`, and `reader`, who may read what `owner` makes.

    Its data stay in the folder `kept`, if one is given, and are there again when that is given again.
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    with _folder("postgres") as (folder, user):
        data, port = kept or folder / "data", free_port()
        if fresh := not data.exists():
            secret = folder / "secret"
            secret.write_text(PASSWORD)
            data.mkdir(mode=0o700)
            _own(secret, user)
            _own(data, user)
            made = [programs / "initdb", "-D", data, "-U", "owner", "-A", "scram-sha-256", f"--pwfile={secret}"]
            _run([*made, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], user)
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "port": port, "fsync": "off"}
        options |= settings or {}
        given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with _running([programs / "postgres", "-D", data, *given], user, folder, port):

            def run(*statements: str, database: str = "centre") -> list[Any]:
                import adbc_driver_postgresql.dbapi as driver

                uri = f"postgresql://owner:{ESCAPED}@127.0.0.1:{port}/{database}"
                with driver.connect(uri, autocommit=True) as con, con.cursor() as cursor:
                    for statement in statements:
                        cursor.execute(statement)
                    return cursor.fetchall() if cursor.description else []

            _wait(lambda: run("SELECT 1", database="postgres"))
            if fresh:
                run("CREATE DATABASE centre", f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'", database="postgres")
                run("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader")
            yield Server("postgresql", port, run)


@contextmanager
def mariadb() -> Iterator[Server]:
    """A MariaDB with the database `centre`, its owner `owner`, and `reader`, who may read in it."""
    with _folder("mysql") as (folder, user):
        data, port = folder / "data", free_port()
        plain = ["--no-defaults", f"--datadir={data}"]
        _run(["mariadb-install-db", *plain, "--auth-root-authentication-method=normal", "--skip-test-db"], user)
        begin = folder / "begin.sql"
        begin.write_text(
            "CREATE DATABASE centre CHARACTER SET utf8mb4;\n"
            f"CREATE USER owner@'%' IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO owner@'%';\n"
            f"CREATE USER reader@'%' IDENTIFIED BY '{PASSWORD}';\nGRANT SELECT ON centre.* TO reader@'%';\n"
        )
        _own(begin, user)
        options = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/socket", f"--init-file={begin}"]
        options += [f"--pid-file={folder}/pid", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0"]
        with _running(["mariadbd", *plain, *options], user, folder, port):

            def run(*statements: str) -> list[Any]:
                import pymysql

                with pymysql.connect(
                    host="127.0.0.1", port=port, user="owner", password=PASSWORD, database="centre", autocommit=True
                ) as con:
                    cursor = con.cursor()
                    for statement in statements:
                        cursor.execute(statement)
                    return list(cursor.fetchall())

            _wait(lambda: run("SELECT 1"))
            yield Server("mysql", port, run)


def free_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def cutting(port: int, after: int) -> Iterator[int]:
    """A port that leads to another one, until the server has sent so many bytes: then the line is cut."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=_pass_on, args=(listener, port, after), daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def _pass_on(listener: socket.socket, port: int, after: int) -> None:
    while True:
        try:
            near, _ = listener.accept()
        except OSError:  # the test is over
            return
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            up = threading.Thread(target=_pump, args=(near, far, None), daemon=True)
            up.start()
            _pump(far, near, after)
            for end in (near, far):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            up.join(10)


def _pump(source: socket.socket, target: socket.socket, most: int | None) -> None:
    sent = 0
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data if most is None else data[: max(most - sent, 0)])
            sent += len(data)
            if most is not None and sent >= most:
                return


@contextmanager
def _folder(system_user: str) -> Iterator[tuple[Path, str | None]]:
    """A folder for a server, and the system's user that has to run it: servers refuse to be run by root."""
    folder = Path(tempfile.mkdtemp(prefix="okireports-server-"))
    user = system_user if os.geteuid() == 0 else None
    try:
        _own(folder, user)
        yield folder, user
    finally:
        shutil.rmtree(folder)


def _own(path: Path, user: str | None) -> None:
    if user:
        account = pwd.getpwnam(user)
        os.chown(path, account.pw_uid, account.pw_gid)


def _as(command: Sequence[object], user: str | None) -> list[str]:
    words = [str(word) for word in command]
    return ["runuser", "-u", user, "--", *words] if user else words


def _run(command: Sequence[object], user: str | None) -> None:
    done = subprocess.run(_as(command, user), capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@contextmanager
def _running(command: Sequence[object], user: str | None, folder: Path, port: int) -> Iterator[None]:
    """A process, from here to the end of the block."""
    words, account = [str(word) for word in command], pwd.getpwnam(user) if user else None
    become = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, cwd="/", **become)
    try:
        yield
    except BaseException:
        print((folder / "log").read_text())  # pytest shows it beside the failure
        raise
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(ready: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            ready()
            return
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
