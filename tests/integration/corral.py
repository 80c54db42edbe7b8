"""A `corral serve` of its own for each test: started in a temporary folder, asked over its socket, stopped by its id,
and checked to have left nothing behind."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

import processes
from http_client import Answer, Stream, UnixConnection, exchange, unix_socket
from processes import wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("CORRAL_BINARY", str(ROOT / "build/corral"))
# A llama-cli that misbehaves on cue: tests/fake_llama_cli/script.hpp.
FAKE_LLAMA_CLI = os.environ.get("CORRAL_FAKE_LLAMA_CLI", str(ROOT / "build/tests/fake_llama_cli"))
MODEL = ROOT / "models/llama-rush.gguf"
STOP_SECONDS = 20.0


def find_llama_cli():
    script = f". {ROOT}/scripts/lib.sh; find_llama_cli"
    return subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout.strip()


LLAMA_CLI = os.environ.get("CORRAL_LLAMA_CLI") or find_llama_cli()


def user(text):
    return [{"role": "user", "content": text}]


def in_background(function, *arguments, **named):
    """The future result of a call in a thread that does not keep a failed test from ending."""
    future = concurrent.futures.Future()

    def run():
        try:
            future.set_result(function(*arguments, **named))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def tied(*command):
    """The command, to be ended with the test that started it, however that ends."""
    return ["setpriv", "--pdeathsig", "TERM", "--", *map(str, command)]


def as_from_systemd(fd):
    """A command that runs another one in its place, with the descriptor as sd_listen_fds(3) expects it."""
    return ["sh", "-c", f'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3<&{fd} {fd}<&-' if fd != 3 else
            'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"', "sh"]


class Daemon:
    """`workers` and `pool` are of the only pool, the rest are sections of the configuration. `through` is a command that
    starts the daemon in its own place; `environment` comes on top of ours. `handed` is a listening Unix socket that it
    gets as from systemd."""

    def __init__(self, workers=3, pool=None, folder=None, through=(), environment=None, handed=None, **sections):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="corral-test-"))
        self.handed = handed
        self.socket = pathlib.Path(handed.getsockname()) if handed else self.folder / "corral.sock"
        self.workers_wanted = workers
        # One thread each: ggml's threads spin at barriers, and on a busy machine two of them take seconds for milliseconds.
        pool = {"name": "default", "model": str(MODEL), "llama_cli": LLAMA_CLI, "workers": workers, "threads": 1} | (pool or {})
        if pool["llama_cli"] == FAKE_LLAMA_CLI:
            pool = {"confine": "off"} | pool  # its scripts write files
        listen = {"listen": {"unix": {} if handed else {"path": str(self.socket)}}}
        self.config = self.folder / "corral.yaml"
        self.config.write_text(json.dumps(listen | {"pools": [pool]} | sections))
        self.through = [*through, *(as_from_systemd(handed.fileno()) if handed else ())]
        self.environment = environment or {}
        self.process = None

    def start(self, ready=True):
        self.output = self.folder / "output"
        self.errors = self.folder / "errors"
        with self.output.open("wb") as output, self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                tied(*self.through, BINARY, "serve", "--config", self.config), cwd=ROOT, stdin=subprocess.DEVNULL,
                stdout=output, stderr=errors, start_new_session=True, pass_fds=[self.handed.fileno()] if self.handed else (),
                env=os.environ | {"TMPDIR": str(self.folder)} | self.environment)
        try:
            wait_for(lambda: self.is_ready(ready), "the daemon being ready", 60.0)
        except BaseException:
            self.kill()
            raise
        return self

    def is_ready(self, workers_too):
        if self.process.poll() is not None:
            raise AssertionError(f"corral serve ended with {self.process.returncode}: {self.log()}")
        try:
            if not workers_too:
                return self.get("/health").status == 200
            return self.get("/ready").status == 200 and set(self.states()) == {"ready"}
        except (FileNotFoundError, ConnectionError):
            return False

    def log(self):
        return self.output.read_text(errors="replace") + self.errors.read_text(errors="replace")

    # Asking.

    def connect(self):
        return UnixConnection(self.socket)

    def raw(self):
        return unix_socket(self.socket)

    def request(self, method, path, body=None, headers=None):
        connection = self.connect()
        try:
            return exchange(connection, method, path, body, headers)
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def chat(self, messages, headers=None, **fields) -> Answer:
        messages = user(messages) if isinstance(messages, str) else messages
        return self.request("POST", "/v1/chat/completions", {"model": "default", "messages": messages} | fields, headers)

    def ask(self, messages, **fields):
        answer = self.chat(messages, **fields)
        if answer.status != 200:
            raise AssertionError(f"{answer.status} {answer.body[:500]!r}")
        return answer.text

    def stream(self, messages, **fields):
        messages = user(messages) if isinstance(messages, str) else messages
        return Stream(self.connect(), {"model": "default", "messages": messages, "stream": True} | fields)

    # Looking.

    def pool(self):
        return self.get("/v1/pool").json()["pools"][0]

    def workers(self):
        return self.pool()["workers"]

    def states(self):
        return [worker["state"] for worker in self.workers()]

    def pids(self):
        return [worker["pid"] for worker in self.workers()]

    def wait_busy(self, count):
        wait_for(lambda: self.states().count("busy") == count, f"{count} busy workers")

    def wait_ready(self, deadline=15.0):
        wait_for(lambda: set(self.states()) == {"ready"}, "every worker being ready", deadline)

    def wait_loading(self):
        """The only worker, once some of its model is mapped and not only the head of the file read."""
        def loading():
            worker = self.workers()[0]
            told = worker["loading"]
            return worker if told and told["bytes"] > told["of_bytes"] / 50 else None
        return wait_for(loading, "some of the model being loaded")

    def wait_queue(self, length):
        wait_for(lambda: self.pool()["queue"]["length"] == length, f"a queue of {length}")

    # Stopping.

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait_end(self, deadline=STOP_SECONDS):
        """The exit code; fails, after killing it, when the daemon does not end in time."""
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still runs {deadline:g} s after the signal: {self.log()[-2000:]}") from None

    def kill(self):
        """Ends the daemon and its family at once, whatever state they are in."""
        for process in processes.family(self.process.pid):
            processes.send(process, signal.SIGKILL)
        self.process.wait()

    def assert_nothing_left(self, family):
        """After the end: no process of the family, no one else in its session, no socket."""
        def living():
            return [process for process in family | processes.family(self.process.pid) if processes.alive(process)]
        try:
            wait_for(lambda: not living(), "the end of every worker", 5.0)
        finally:
            for process in living():
                processes.send(process, signal.SIGKILL)
        if self.socket.exists() != bool(self.handed):
            raise AssertionError("the socket file was left behind" if self.socket.exists() else "systemd's socket was removed")

    def stop(self):
        """Ends a daemon that still runs and removes its folder; that all ended well is checked."""
        try:
            if self.process and self.process.poll() is None:
                family = processes.family(self.process.pid)
                self.signal()
                code = self.wait_end()
                self.assert_nothing_left(family)
                if code != 0:
                    raise AssertionError(f"SIGTERM gave exit code {code}: {self.log()[-2000:]}")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


class CorralTest(unittest.TestCase):
    """A test that starts daemons of its own."""

    def daemon(self, *arguments, ready=True, **named):
        daemon = Daemon(*arguments, **named)
        self.addCleanup(daemon.stop)
        return daemon.start(ready)


class SharedDaemonTest(CorralTest):
    """Tests that share one daemon, made with `settings`."""

    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.shared = Daemon(**cls.settings)
        cls.addClassCleanup(cls.shared.stop)
        cls.shared.start()
