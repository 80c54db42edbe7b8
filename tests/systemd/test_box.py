"""corral under systemd as PID 1: start by its socket, watchdog, reload, stop, and what the sandbox keeps out."""
import json
import re
import sys
import unittest

import box
from box import Box
from reference import RULES

EXPOSURE_MOST = 2.0


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        box.skip_unless_possible()
        cls.box = Box(box.install)
        cls.addClassCleanup(cls.box.close)
        box.set_up(cls.box)

    def setUp(self):
        self.box.run("systemctl", "start", "corral.socket")

    def started(self):
        self.box.run("systemctl", "start", "corral.service")
        return self.box.property("MainPID")

    def test_the_units_pass_and_the_exposure_is_low(self):
        units = [f"/usr/lib/systemd/system/corral{at}.{kind}" for at in ("", "@x") for kind in ("service", "socket")]
        told = self.box.run("systemd-analyze", "verify", "--man=no", *units[:2], *units[2:])
        self.assertEqual([line for line in told.splitlines() if "corral" in line], [])
        self.started()
        told = self.box.run("systemd-analyze", "security", "--no-pager", "corral.service")
        exposure = re.search(r"Overall exposure level for corral.service: ([0-9.]+)", told)[1]
        print(f"systemd-analyze security corral.service: {exposure}", file=sys.stderr)
        self.assertLessEqual(float(exposure), EXPOSURE_MOST)

    def test_the_first_request_at_the_socket_starts_the_service_and_is_answered(self):
        self.box.run("systemctl", "stop", "corral.service")
        self.assertEqual(self.box.property("ActiveState"), "inactive")
        self.assertEqual(self.box.ask("Rules?"), RULES)
        self.box.wait_property("ActiveState", "active")
        self.box.wait_property("StatusText", "2 ready, 0 busy, 0 queued")
        self.assertEqual(self.box.run("stat", "-c", "%a %U:%G", "/run/corral/corral.sock").strip(), "660 root:corral")

    def test_start_means_that_a_token_was_made(self):
        self.box.run("systemctl", "stop", "corral.service")
        self.started()
        self.assertIn("every pool has answered", self.box.run("journalctl", "--no-pager", "-u", "corral.service"))
        self.assertEqual(self.box.curl("/ready", "-o", "/dev/null", "-w", "%{http_code}"), "200")

    def test_the_port_reaches_into_the_private_network_and_needs_the_credential(self):
        pid = self.started()
        self.assertNotEqual(self.box.run("readlink", f"/proc/{pid}/ns/net"), self.box.run("readlink", "/proc/1/ns/net"))
        with self.assertRaises(KeyError):
            self.box.ask("Rules?", "--socket-none")
        self.assertEqual(self.box.ask("Rules?", "--socket-none", "-H", f"Authorization: Bearer {box.KEY}"), RULES)

    def test_a_stopped_event_loop_is_killed_and_the_service_recovers(self):
        pid = self.started()
        restarts = int(self.box.property("NRestarts"))
        self.box.run("kill", "-STOP", pid)
        self.box.wait_property("NRestarts", str(restarts + 1))
        self.assertEqual(self.box.ask("Rules?"), RULES)
        self.assertNotEqual(self.box.property("MainPID"), pid)
        self.assertIn("Watchdog timeout", self.box.run("journalctl", "--no-pager", "-u", "corral.service"))
        self.assertFalse(self.alive(pid))

    def alive(self, pid):
        return self.box.run("test", "-e", f"/proc/{pid}", check=False).returncode == 0

    def test_reload(self):
        pid = self.started()
        config = "/etc/corral/corral.yaml"
        self.addCleanup(self.box.run, "sh", "-c", f"cp {config}.kept {config}; systemctl reload corral.service")
        self.box.run("sh", "-c", f"cp {config} {config}.kept; sed -i 's/\"limit\": 7/\"limit\": 9/' {config}")
        self.box.run("systemctl", "reload", "corral.service")
        self.box.wait(lambda: self.limit() == 9, "the new limit")
        self.box.run("sed", "-i", 's/"limit": 9/"limit": "many"/', config)
        self.assertNotEqual(self.box.run("systemctl", "reload", "corral.service", check=False).returncode, 0)
        self.assertEqual((self.limit(), self.box.property("MainPID")), (9, pid))
        self.box.wait_property("ActiveState", "active")

    def limit(self):
        return json.loads(self.box.curl("/v1/pool"))["pools"][0]["queue"]["limit"]

    def test_the_journal_has_fields(self):
        self.started()
        self.box.ask("Rules?")

        def entries(field):
            lines = self.box.run("journalctl", "--no-pager", "-o", "json", field).splitlines()
            return [json.loads(line) for line in lines if line.startswith("{")]
        ready = self.box.wait(lambda: entries("CORRAL_WORKER=default/1"), "lines of a worker")[0]
        self.assertEqual((ready["CORRAL_POOL"], ready["SYSLOG_IDENTIFIER"]), ("default", "corral"))
        self.assertEqual(ready["_SYSTEMD_UNIT"], "corral.service")
        asked = self.box.wait(lambda: [e for e in entries("CORRAL_POOL=default") if "CORRAL_REQUEST" in e], "a request's line")
        self.assertTrue(asked[0]["CORRAL_REQUEST"].startswith("chatcmpl-"))

    def test_the_sandbox(self):
        pid = self.started()
        status = self.box.run("cat", f"/proc/{pid}/status")
        for line in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapBnd:\t0000000000000000", "CapEff:\t0000000000000000"):
            self.assertIn(line, status)
        self.assertEqual(self.box.run("ps", "-o", "user=", "-p", pid).strip(), "corral")
        self.assertRegex(self.box.run("cat", f"/proc/{pid}/limits"), r"Max core file size +0 +0")
        self.box.run("systemctl", "start", "corral@probe.service")

    def test_a_second_instance(self):
        self.box.run("systemctl", "start", "corral@second.service")
        self.addCleanup(self.box.run, "systemctl", "stop", "corral@second.service", "corral@second.socket")
        told = self.box.run("curl", "-sS", "--unix-socket", "/run/corral/second.sock", "http://localhost/v1/models")
        self.assertEqual([model["id"] for model in json.loads(told)["data"]], ["second"])

    def test_stop_leaves_nothing(self):
        self.started()
        self.assertEqual(self.box.ask("Rules?"), RULES)
        self.box.run("systemctl", "stop", "corral.service", "corral.socket")
        self.assertEqual(self.box.property("Result"), "success")
        self.assertEqual(self.box.run("sh", "-c", "ps -o pid=,args= -u corral || true").strip(), "")
        self.assertEqual(self.box.run("sh", "-c", "ls /run/corral; ls -d /sys/fs/cgroup/system.slice/corral.service", check=False)
                         .stdout.count("corral.sock"), 0)
        self.assertNotIn("corral", self.box.run("cat", "/proc/net/unix"))
        self.assertEqual(self.box.run("sh", "-c", "ls -d /run/corral/serve /tmp/*corral.service* 2>/dev/null || true").strip(), "")


if __name__ == "__main__":
    unittest.main()
