"""A daemon that has no file descriptor left: it waits without spinning, and harms nobody who is in."""
import os
import resource
import signal
import time
import unittest

from corral import in_background, user
from faked import COUNT, QUICK_RESTART, TWENTY, CpuWatch, FakedTest, descriptors
from http_client import exchange, raw_request, read_answer
from processes import wait_for

CHAT = "/v1/chat/completions"


class Descriptors(FakedTest):
    LIMIT = 40

    def limited(self, **named):
        daemon = self.fake(http={"max_connections": 256, "idle_timeout": "1h"}, restart=QUICK_RESTART, **named)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (self.LIMIT, self.LIMIT))
        return daemon

    def exhaust(self, daemon):
        """Takes every descriptor that the daemon has left, with connections that say nothing."""
        taken = []
        while descriptors(daemon.process.pid) < self.LIMIT:
            taken.append(daemon.raw())
            self.addCleanup(taken[-1].close)
            time.sleep(0.001)
        return taken

    def test_without_any_left_it_serves_those_who_are_in_and_does_not_spin(self):
        daemon = self.limited(workers=2)
        kept = [daemon.connect() for _ in range(2)]
        for connection in kept:
            self.addCleanup(connection.close)
            self.assertEqual(exchange(connection, "GET", "/health").status, 200)
        taken = self.exhaust(daemon)
        waits = daemon.raw()  # in the backlog of the kernel
        waits.sendall(raw_request())
        watch = CpuWatch(daemon.process.pid)
        end = time.monotonic() + 2
        answers = 0
        while time.monotonic() < end:
            self.assertEqual(exchange(kept[answers % 2], "POST", CHAT, {"messages": user(COUNT)}).text, TWENTY)
            answers += 1
            time.sleep(0.1)
        self.assertLess(watch.share(), 0.3)
        self.assertGreater(answers, 3)
        for connection in taken:
            connection.close()
        with waits, waits.makefile("rb") as stream:
            self.assertEqual(read_answer(stream)[0], "HTTP/1.1 200 OK")
        self.assertEqual(daemon.ask(COUNT), TWENTY)
        self.assertEqual(self.starts(), 2)

    def test_a_worker_that_computes_meanwhile_is_not_taken_for_hung(self):
        daemon = self.limited(workers=1, timeouts={"stall": "400ms"})
        answer = in_background(daemon.ask, f"{COUNT} [spin 1500 at 0]")
        wait_for(lambda: self.requests() == 1, "the request")
        self.exhaust(daemon)
        wait_for(lambda: answer.done(), "the answer")
        self.assertEqual((answer.result(0), self.starts()), (TWENTY, 1))

    def test_workers_that_die_meanwhile_come_back_when_there_are_some_again(self):
        daemon = self.limited(workers=1)
        taken = self.exhaust(daemon)
        os.kill(int(self.events("start")[0].split()[0]), signal.SIGKILL)
        wait_for(lambda: "cannot make a pipe: Too many open files" in daemon.log() or self.starts() > 1, "another start")
        for connection in taken:
            connection.close()
        daemon.wait_ready()
        self.assertEqual(daemon.ask(COUNT), TWENTY)


if __name__ == "__main__":
    unittest.main()
