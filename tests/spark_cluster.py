"""A Spark cluster of a test's own: a master and two workers on loopback, from the package, gone with the test.

It is a real one: workers are processes that start executors, and can be killed. What makes it small (memory, threads,
no generated code, which pays for big tables only) changes no row.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyspark
from pyspark import SparkContext
from pyspark.sql import SparkSession

from servers import LONG, free_port

HOST = "127.0.0.1"
HOME = Path(pyspark.__file__).parent
ENV = os.environ | {"SPARK_HOME": str(HOME), "SPARK_LOCAL_IP": HOST, "SPARK_DAEMON_MEMORY": "256m"}
LIGHT = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # a run of seconds pays for no better code
SMALL = {
    "spark.driver.extraJavaOptions": LIGHT,
    "spark.executor.extraJavaOptions": LIGHT,
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": HOST,
    "spark.driver.memory": "1g",
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.rpc.askTimeout": "600s",
    "spark.network.timeout": "600s",
}


@dataclass
class Cluster:
    """A cluster that runs: its address, and its workers."""

    address: str
    folder: Path
    workers: list[subprocess.Popen[bytes]]
    opened: ExitStack

    def add(self) -> None:
        """Start one more worker."""
        words = ("worker.Worker", "--cores", "1", "--memory", "600m", "--port", "0", "--webui-port", "0")
        work = self.folder / f"work-{len(self.workers)}"
        self.workers.append(self.opened.enter_context(started(self.folder, *words, "-d", str(work), self.address)))

    def kill(self) -> None:
        """Kill the first worker with the executor that it started, as when its machine goes."""
        os.killpg(self.workers.pop(0).pid, signal.SIGKILL)


@contextmanager
def cluster(workers: int = 2) -> Iterator[Cluster]:
    """A master with some workers, and a session of this process with it."""
    port = free_port()
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="okireports-spark-")))
        opened.enter_context(started(folder, "master.Master", "--port", str(port), "--webui-port", "0"))
        wait_for(folder / "master.Master-0.log", "I have been elected leader")
        made = Cluster(f"spark://{HOST}:{port}", folder, [], opened)
        for _ in range(workers):
            made.add()
        session(made.address)
        opened.callback(stop)
        yield made


def session(address: str) -> SparkSession:
    """The session of this process with a cluster, or with local threads; what opens a centre finds it."""
    os.environ.setdefault("SPARK_LOCAL_IP", HOST)
    found: SparkSession = SparkSession.builder.master(address).appName("tests").config(map=SMALL).getOrCreate()
    found.sparkContext.setLogLevel("OFF")
    return found


def stop() -> None:
    """End the session of this process; another one may follow."""
    there: Any = SparkContext._active_spark_context
    if there is not None:
        there.stop()


@contextmanager
def connect_server() -> Iterator[str]:
    """A server of Spark Connect with threads of its own; gives its address."""
    port = free_port()
    conf = SMALL | {"spark.connect.grpc.binding.address": HOST, "spark.connect.grpc.binding.port": str(port)}
    given = [word for name, value in conf.items() for word in ("--conf", f"{name}={value}")]
    what = "org.apache.spark.sql.connect.service.SparkConnectServer"
    words = ["org.apache.spark.deploy.SparkSubmit", "--master", "local[2]", "--class", what, *given, "spark-internal"]
    with tempfile.TemporaryDirectory(prefix="okireports-connect-") as name:
        env = ENV | {"SPARK_CONNECT_SECRET": "hush", "SPARK_LOCAL_DIRS": name, "SPARK_DAEMON_MEMORY": "1g"}
        log = Path(name, "server.log")
        with log.open("wb") as said, running([str(HOME / "bin" / "spark-class"), *words], env, said) as server:
            until = time.monotonic() + LONG
            while not listening(port):
                up = server.poll() is None and time.monotonic() < until
                assert up, f"it does not come up: {log.read_text('utf-8', 'replace')[-2000:]}"
                time.sleep(0.1)
            yield f"sc://{HOST}:{port}"


def listening(port: int) -> bool:
    """Does somebody answer at a port?"""
    try:
        socket.create_connection((HOST, port)).close()
    except OSError:
        return False
    return True


@contextmanager
def started(folder: Path, what: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A part of the cluster, in a group of processes of its own."""
    log = folder / f"{what}-{len(list(folder.glob('*.log')))}.log"
    command = [str(HOME / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}", "--host", HOST, *words]
    with log.open("wb") as said, running(command, ENV, said) as process:
        yield process


@contextmanager
def running(command: list[str], env: dict[str, str], said: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A process and those that it starts; all of them end."""
    process = subprocess.Popen(command, env=env, stdout=said, stderr=said, process_group=0)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(log: Path, words: str) -> None:
    """Wait until a part of the cluster has said something."""
    until = time.monotonic() + LONG
    while words not in (log.read_text("utf-8", "replace") if log.exists() else ""):
        assert time.monotonic() < until, f"it does not come up: {log.read_text('utf-8', 'replace')[-2000:]}"
        time.sleep(0.1)


def jobs() -> int:
    """How many jobs run now; from any thread."""
    there: Any = SparkContext._active_spark_context
    return len(there.statusTracker().getActiveJobsIds())
