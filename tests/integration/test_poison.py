"""Conversations that crash workers: they get two, a clear refusal, and no third."""
import os
import signal
import unittest

from corral import in_background, user
from faked import COUNT, QUICK_RESTART, TWENTY, FakedTest
from http_client import delta, finish_reasons, joined
from processes import wait_for

REFUSED = (422, "conversation_quarantined")


def verdict(answer):
    return answer.status, answer.error["code"]


class Poison(FakedTest):
    def test_a_conversation_that_crashes_two_workers_gets_no_third(self):
        for cue in ("crash SEGV at 0", "crash ABRT at 3", "crash BUS at 0", "crash ILL at 5", "crash FPE at 0", "exit 7 at 0",
                    "crash KILL at 0"):
            with self.subTest(cue):
                daemon = self.fake(workers=2, restart=QUICK_RESTART)
                before = self.requests()
                self.assertEqual(verdict(daemon.chat(f"{COUNT} [{cue}]")), REFUSED)
                self.assertEqual(self.requests() - before, 2)
                daemon.wait_ready()
                starts = self.starts()
                for _ in range(3):
                    refused = daemon.chat(f"{COUNT} [{cue}]")
                    self.assertEqual(verdict(refused), REFUSED)
                    self.assertEqual(refused.error["param"], "messages")
                self.assertEqual((self.requests() - before, self.starts()), (2, starts))
                self.assertEqual(daemon.pool()["quarantined"], 1)
                self.assertEqual(daemon.ask(COUNT), TWENTY)

    def test_it_is_told_by_its_messages_whatever_else_the_request_says(self):
        daemon = self.fake(workers=2, restart=QUICK_RESTART)
        poison = [{"role": "system", "content": "Be kind."}, *user(f"{COUNT} [crash SEGV at 0]")]
        self.assertEqual(verdict(daemon.chat(poison)), REFUSED)
        daemon.wait_ready()
        self.assertEqual(verdict(daemon.chat(poison, max_tokens=3, user="other", stop=["x"])), REFUSED)
        stream = daemon.stream(poison)
        self.assertEqual(stream.status, 422)
        stream.hang_up()
        self.assertEqual(self.requests(), 2)
        # Another system message makes it another conversation, which has its own two.
        other = [{"role": "system", "content": "Be brief."}, poison[1]]
        self.assertEqual(verdict(daemon.chat(other)), REFUSED)
        self.assertEqual(self.requests(), 4)

    def test_a_stream_that_has_begun_ends_with_an_error_and_no_done(self):
        daemon = self.fake(workers=2, restart=QUICK_RESTART)
        events = list(daemon.stream(f"{COUNT} [crash SEGV at 20]"))
        self.assertEqual(events[-1]["error"]["code"], "conversation_quarantined")
        self.assertNotIn("[DONE]", events)
        self.assertEqual(finish_reasons(events[:-1]), [])
        self.assertTrue(TWENTY.startswith(joined(events[:-1])))
        self.assertTrue(any(delta(event) for event in events[:-1]))

    def test_others_go_on_meanwhile(self):
        daemon = self.fake("token-ms=10", workers=3, restart=QUICK_RESTART)
        others = [in_background(daemon.ask, f"Count to {number}.") for number in range(40, 50)]
        self.assertEqual(verdict(daemon.chat(f"{COUNT} [crash SEGV at 3]")), REFUSED)
        self.assertEqual([other.result(30).split()[-1] for other in others], [str(number) for number in range(40, 50)])

    def test_two_poisons_at_the_same_time_are_both_told(self):
        daemon = self.fake(workers=2, restart=QUICK_RESTART)
        poisons = [in_background(daemon.chat, f"Count to {number}. [sleep 50 at 0] [crash SEGV at 0]") for number in (5, 6)]
        self.assertEqual([verdict(poison.result(30)) for poison in poisons], [REFUSED] * 2)
        self.assertEqual(self.requests(), 4)

    def test_kills_that_hit_others_too_are_blamed_on_nobody(self):
        daemon = self.fake(workers=3, restart=QUICK_RESTART)
        answers = [in_background(daemon.ask, f"Count to {number}. [sleep 300 at 3]") for number in (5, 6, 7)]
        for _ in range(2):
            daemon.wait_busy(3)
            for pid in daemon.pids():
                os.kill(pid, signal.SIGKILL)
        self.assertEqual([answer.result(30).split()[-1] for answer in answers], ["5", "6", "7"])
        self.assertEqual(daemon.pool()["quarantined"], 0)

    def test_after_the_time_it_is_tried_again(self):
        daemon = self.fake(workers=2, restart=QUICK_RESTART, failover={"quarantine": "1s"})
        fault = self.folder / "fault"
        fault.touch()
        text = f"{COUNT} [if {fault} crash SEGV at 0]"
        self.assertEqual(verdict(daemon.chat(text)), REFUSED)
        fault.unlink()
        self.assertEqual(verdict(daemon.chat(text)), REFUSED)
        answer = wait_for(lambda: (answer := daemon.chat(text)).status == 200 and answer, "another try")
        self.assertEqual((answer.text, self.requests()), (TWENTY, 3))


if __name__ == "__main__":
    unittest.main()
