"""Point 7: SIGTERM finishes what runs and leaves nothing; SIGINT twice stops at once."""
import os
import signal
import unittest

import processes
from corral import CorralTest, in_background
from processes import held, wait_for
from reference import RULES


class Shutdown(CorralTest):
    def test_running_and_waiting_requests_are_answered_and_new_ones_refused(self):
        daemon = self.daemon(workers=1, health={"interval": "1h"})
        family = processes.family(daemon.process.pid)
        with held(*daemon.pids()):
            accepted = [in_background(daemon.ask, "Rules?") for _ in range(2)]
            daemon.wait_busy(1)
            daemon.wait_queue(1)
            daemon.signal(signal.SIGTERM)
            wait_for(lambda: daemon.get("/ready").status == 503, "the signal being taken")
            refused = daemon.chat("Rules?")
            self.assertEqual((refused.status, refused.error["code"]), (503, "shutting_down"))
        self.assertEqual([answer.result(30) for answer in accepted], [RULES] * 2)
        self.assertEqual(daemon.wait_end(), 0)
        daemon.assert_nothing_left(family)
        self.assertEqual(list(daemon.folder.glob("corral-*")), [])

    def test_the_drain_is_bounded(self):
        daemon = self.daemon(workers=1, timeouts={"drain": "300ms", "cancel": "300ms"}, health={"interval": "1h"})
        family = processes.family(daemon.process.pid)
        with held(*daemon.pids()):
            running = in_background(daemon.chat, "Rules?")
            daemon.wait_busy(1)
            daemon.signal(signal.SIGTERM)
            answer = running.result(30)
            self.assertEqual((answer.status, answer.error["code"]), (503, "shutting_down"))
            self.assertEqual(daemon.wait_end(), 0)
        daemon.assert_nothing_left(family)

    def test_two_interrupts_stop_at_once(self):
        daemon = self.daemon(workers=2, timeouts={"drain": "1h", "cancel": "1h"}, health={"interval": "1h"})
        family = processes.family(daemon.process.pid)
        with held(*daemon.pids()):
            running = in_background(daemon.chat, "Rules?")
            daemon.wait_busy(1)
            daemon.signal(signal.SIGINT)
            wait_for(lambda: daemon.get("/ready").status == 503, "the first interrupt being taken")
            daemon.signal(signal.SIGINT)
            self.assertEqual(running.result(30).status, 503)
            self.assertEqual(daemon.wait_end(), 0)
        daemon.assert_nothing_left(family)

    def test_a_stop_while_loading(self):
        daemon = self.daemon(workers=3, ready=False)
        family = processes.family(daemon.process.pid)
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_end(), 0)
        daemon.assert_nothing_left(family)

    def test_no_worker_outlives_a_killed_daemon_and_the_next_starts_on_its_socket(self):
        daemon = self.daemon(workers=3)
        family = processes.family(daemon.process.pid)
        os.kill(daemon.process.pid, signal.SIGKILL)
        daemon.process.wait()
        wait_for(lambda: not any(map(processes.alive, family)), "the end of every worker", 5.0)
        self.assertEqual(daemon.start().ask("Rules?"), RULES)


if __name__ == "__main__":
    unittest.main()
