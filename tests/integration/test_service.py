"""As a service of systemd: what the manager hears, the sockets it hands over, and log lines for programs."""
import http.client
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import processes
from corral import BINARY, FAKE_LLAMA_CLI, ROOT, CorralTest, Daemon, in_background, tied
from http_client import exchange
from processes import wait_for
from reference import RULES
from service_manager import NotifySocket, in_place

FAKE = {"llama_cli": FAKE_LLAMA_CLI}
ACTIVATE = shutil.which("systemd-socket-activate")


class Notified(CorralTest):
    def setUp(self):
        self.manager = NotifySocket()
        self.addCleanup(self.manager.close)

    def service(self, script="", watchdog_ms=None, **named):
        pool = FAKE | {"env": {"FAKE_LLAMA_CLI": script}} | named.pop("pool", {})
        return self.daemon(ready=False, pool=pool, environment=self.manager.environment(watchdog_ms), **named)

    def test_ready_after_a_token_of_every_pool(self):
        with tempfile.TemporaryDirectory(prefix="corral-test-") as folder:
            logs = [pathlib.Path(folder) / name for name in ("first", "second")]
            pools = [FAKE | {"name": log.name, "model": "models/llama-rush.gguf", "workers": 1, "threads": 1, "confine": "off",
                             "env": {"FAKE_LLAMA_CLI": f"log={log}"}} for log in logs]
            self.service(pools=pools)
            self.manager.wait("READY=1")
            for log in logs:
                self.assertIn("request", log.read_text())

    def test_ready_with_the_real_llama_cli(self):
        daemon = self.daemon(workers=1, ready=False, environment=self.manager.environment())
        self.manager.wait("READY=1")
        self.assertEqual(daemon.ask("Rules?"), RULES)

    def test_a_loaded_model_alone_is_not_ready(self):
        daemon = self.service("token-ms=600000", workers=1)
        daemon.wait_busy(1)
        self.assertEqual(daemon.get("/ready").status, 200)
        self.manager.wait("EXTEND_TIMEOUT_USEC=30000000")
        self.manager.wait_last("STATUS", "Loading: 0 ready, 1 busy, 0 queued")
        self.assertEqual(self.manager.count("READY=1"), 0)
        daemon.signal()
        self.assertEqual(daemon.wait_end(), 0)
        self.assertEqual(self.manager.count("READY=1"), 0)

    def test_status_watchdog_and_end(self):
        daemon = self.service(workers=1, watchdog_ms=200, health={"interval": "1h"})
        self.manager.wait("READY=1")
        self.manager.wait_last("STATUS", "1 ready, 0 busy, 0 queued")
        slow = [in_background(daemon.ask, "Count to 3. [sleep 2500 at 1]") for _ in range(2)]
        self.manager.wait_last("STATUS", "0 ready, 1 busy, 1 queued")
        self.assertEqual([one.result(30) for one in slow], ["1 2 3"] * 2)
        self.manager.wait_last("STATUS", "1 ready, 0 busy, 0 queued")
        self.manager.wait("WATCHDOG=1", self.manager.count("WATCHDOG=1") + 5)
        daemon.signal()
        self.assertEqual(daemon.wait_end(), 0)
        self.assertEqual(self.manager.count("STOPPING=1"), 1)

    def test_reload_is_told(self):
        daemon = self.service(workers=1)
        self.manager.wait("READY=1")
        for number, signalled in enumerate((True, False), 1):
            if signalled:
                daemon.signal(signal.SIGHUP)
            else:
                subprocess.run([BINARY, "reload", "--socket", daemon.socket], check=True, capture_output=True, timeout=30)
            self.manager.wait("READY=1", number + 1)
            told = self.manager.take()
            self.assertEqual(told.count("RELOADING=1"), number)
            self.assertLess(len(told) - told[::-1].index("RELOADING=1"), len(told) - told[::-1].index("READY=1"))


@unittest.skipUnless(ACTIVATE, "SKIPPED: sockets of a service manager are not tried, systemd-socket-activate is missing")
class Activated(CorralTest):
    """Sockets come from systemd-socket-activate, which starts the program at the first connection."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="corral-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.handed = self.folder / "handed.sock"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def activated(self, *options, **named):
        options = options or (f"-l{self.handed}", f"-l127.0.0.1:{self.port}", "--fdname=unix:http")
        environment = {"TMPDIR": str(self.folder)}
        daemon = Daemon(workers=1, through=in_place(ACTIVATE, *options, environment=environment), pool=FAKE, **named)
        self.addCleanup(daemon.stop)
        own, daemon.socket = daemon.socket, self.handed
        daemon.assert_nothing_left = lambda family: None  # the socket is systemd's
        daemon.output = daemon.errors = daemon.folder / "errors"
        with daemon.errors.open("wb") as errors:
            daemon.process = subprocess.Popen(
                tied(*daemon.through, BINARY, "serve", "--config", daemon.config), cwd=ROOT, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
        wait_for(lambda: "Listening on" in daemon.log(), "the sockets", 30)
        return daemon, own

    def test_the_first_request_waits_for_the_start_and_is_answered(self):
        daemon, own = self.activated()
        self.assertEqual(daemon.ask("Count to 3."), "1 2 3")
        over_tcp = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.assertEqual(exchange(over_tcp, "GET", "/ready").status, 200)
        over_tcp.close()
        self.assertFalse(own.exists(), "the configuration's own socket was opened too")
        self.assertIn(f'listening on {self.handed}, socket "unix" of the service manager', daemon.log())
        self.assertIn(f'listening on 127.0.0.1 port {self.port}, socket "http" of the service manager', daemon.log())
        family = processes.family(daemon.process.pid)
        daemon.signal()
        self.assertEqual(daemon.wait_end(), 0)
        wait_for(lambda: not any(map(processes.alive, family)), "the end of every worker", 5.0)
        self.assertTrue(self.handed.exists(), "a socket of the service manager was removed")

    def test_a_port_that_others_reach_needs_keys(self):
        daemon, _ = self.activated(f"-l{self.handed}", f"-l0.0.0.0:{self.port}", "--fdname=unix:http")
        with self.assertRaises(OSError):
            daemon.get("/health")
        self.assertEqual(daemon.wait_end(), 1)
        self.assertIn("needs API keys", daemon.log())


class JsonLines(CorralTest):
    def test_every_line_is_an_object_with_its_subject(self):
        daemon = self.daemon(workers=1, pool=FAKE, log={"format": "json", "level": "debug"})
        answer = daemon.chat("Count to 3.")
        lines = wait_for(lambda: self.lines(daemon, "answer tokens"), "the answer's line")
        about = next(line for line in lines if "answer tokens" in line["message"])
        self.assertEqual((about["request"], about["pool"], about["level"]), (answer.json()["id"], "default", "info"))
        ready = next(line for line in lines if "ready in" in line["message"])
        self.assertEqual((ready["worker"], ready["pool"]), ("default/1", "default"))
        self.assertRegex(ready["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def lines(self, daemon, needed):
        text = daemon.log()
        return [json.loads(line) for line in text.splitlines()] if needed in text and text.endswith("\n") else None

    def test_the_reason_of_a_failed_start_is_one_too(self):
        daemon = Daemon(pool={"llama_cli": "/no/such/llama-cli"}, log={"format": "json"})
        self.addCleanup(daemon.stop)
        done = subprocess.run([BINARY, "serve", "--config", daemon.config], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        last = json.loads(done.stderr.splitlines()[-1])
        self.assertEqual(last["level"], "critical")
        self.assertIn("/no/such/llama-cli", last["message"])


if __name__ == "__main__":
    unittest.main()
