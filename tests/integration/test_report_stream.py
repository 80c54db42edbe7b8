"""GET /v1/pool/events: those who watch cost nobody anything, whatever they do, and corral does not wait for them."""
import json
import os
import signal
import unittest

from corral import FAKE_LLAMA_CLI, CorralTest
from http_client import raw_request
from processes import PROC, wait_for

WATCH = raw_request("/v1/pool/events")


class ReportStream(CorralTest):
    def watch(self, daemon):
        """A connection whose stream has begun."""
        watcher = daemon.raw()
        self.addCleanup(watcher.close)
        watcher.sendall(WATCH)
        self.assertEqual(watcher.recv(12), b"HTTP/1.1 200")
        return watcher

    def test_a_change_is_told_without_being_asked_for(self):
        daemon = self.daemon(workers=2)
        reports = self.watch(daemon).makefile("rb")

        def next_report():
            while line := reports.readline():
                if line.startswith(b"data: "):
                    return json.loads(line[6:])["pools"][0]
        self.assertEqual([worker["state"] for worker in next_report()["workers"]], ["ready", "ready"])
        pid = daemon.pids()[1]
        os.kill(pid, signal.SIGKILL)
        pool = wait_for(lambda: (report := next_report())["deaths"] and report, "the death being told")
        death = pool["deaths"][0]
        self.assertEqual((death["worker"], death["cause"], death["text"]), ("default/2", "killed", "signal 9 (Killed)"))
        back = wait_for(lambda: (worker := next_report()["workers"][1])["state"] == "ready" and worker, "the worker being back")
        self.assertNotEqual(back["pid"], pid)

    def test_memory_is_what_the_kernel_says(self):
        daemon = self.daemon(workers=2)
        report = daemon.get("/v1/pool").json()
        memory, pool = report["memory"], report["pools"][0]
        lines = (PROC / "meminfo").read_text().splitlines()
        self.assertLessEqual(memory["total_bytes"], int(lines[0].split()[1]) * 1024)
        self.assertEqual(memory["headroom_bytes"], memory["total_bytes"] // 100 * 10 + memory["total_bytes"] % 100 * 10 // 100)
        self.assertEqual(memory["private_bytes"], sum(worker["private_bytes"] for worker in pool["workers"]))
        parts = sum(memory[name] for name in ("weights_shared_bytes", "private_bytes", "other_bytes", "free_bytes"))
        self.assertEqual(parts, memory["total_bytes"])
        size = os.path.getsize(pool["model"])
        self.assertGreater(pool["memory"]["weights_shared_bytes"], size * 0.9)
        self.assertLess(pool["memory"]["weights_shared_bytes"], size + 4096)

    def test_watchers_do_not_keep_corral_from_ending(self):
        daemon = self.daemon(workers=1)
        reads, silent = self.watch(daemon), self.watch(daemon)
        daemon.signal()
        self.assertEqual(daemon.wait_end(10), 0)  # timeouts.drain is 30 s
        rest = b""
        while piece := reads.recv(1 << 16):
            rest += piece
        self.assertTrue(rest.endswith(b"\r\n0\r\n\r\n"))
        silent.close()

    def test_a_watcher_that_does_not_read_is_dropped(self):
        # Many workers make a long report, which fills the socket soon.
        daemon = self.daemon(workers=24, pool={"llama_cli": FAKE_LLAMA_CLI}, timeouts={"client_write": "300ms"})
        self.watch(daemon)
        folder = PROC / str(daemon.process.pid) / "fd"
        before = len(os.listdir(folder))
        wait_for(lambda: daemon.ask("Count to 3.") and len(os.listdir(folder)) < before, "the silent watcher being dropped", 60)

    def test_there_is_a_limit_to_watchers(self):
        daemon = self.daemon(workers=1)
        watchers = [self.watch(daemon) for _ in range(16)]
        refused = daemon.get("/v1/pool/events")
        self.assertEqual((refused.status, refused.error["code"]), (503, "too_many_watchers"))
        self.assertTrue(refused.headers["Retry-After"])
        watchers.pop().close()

        def admitted():
            with daemon.raw() as watcher:
                watcher.sendall(WATCH)
                return watcher.recv(12) == b"HTTP/1.1 200"
        wait_for(admitted, "a free place")

    def test_other_methods_are_refused(self):
        daemon = self.daemon(workers=1)
        for path in ("/", "/v1/pool/events"):
            answer = daemon.request("POST", path, {})
            self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET"))


if __name__ == "__main__":
    unittest.main()
