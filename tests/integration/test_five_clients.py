"""Point 1: five clients, three workers, five right answers."""
import select
import threading
import unittest

from corral import CorralTest, in_background, user
from http_client import raw_request
from processes import held
from reference import FIVE


def ask_at_once(daemon):
    """The future answer of each of the five questions, all sent at the same moment."""
    barrier = threading.Barrier(len(FIVE))

    def ask(question):
        barrier.wait(10)
        return daemon.ask(question)

    return {question: in_background(ask, question) for question in FIVE}


class FiveClients(CorralTest):
    def assert_five_right(self, answers):
        self.assertEqual({question: answer.result(30) for question, answer in answers.items()}, FIVE)

    def test_five_at_once_get_the_right_answers(self):
        self.assert_five_right(ask_at_once(self.daemon()))

    def test_two_of_five_queue_while_three_are_answered(self):
        daemon = self.daemon(health={"interval": "1h"})
        pids = daemon.pids()
        self.assertEqual(len(set(pids)), 3)
        with held(*pids):
            answers = ask_at_once(daemon)
            daemon.wait_queue(2)
            self.assertEqual(daemon.states(), ["busy"] * 3)
        self.assert_five_right(answers)
        daemon.wait_ready()
        self.assertEqual(daemon.pids(), pids)
        self.assertEqual(sum(worker["requests"] for worker in daemon.workers()), 5)

    def test_no_request_waits_while_a_worker_idles(self):
        daemon = self.daemon(workers=2, health={"interval": "1h"})
        with held(daemon.pids()[0], daemon.pids()[1]):
            first = in_background(daemon.ask, "Rules?")
            daemon.wait_busy(1)
            second = in_background(daemon.ask, "Setup?")
            daemon.wait_busy(2)
            self.assertEqual(daemon.pool()["queue"]["length"], 0)
        self.assertEqual(first.result(30), FIVE["Rules?"])
        self.assertEqual(second.result(30), FIVE["Setup?"])

    def test_the_queue_is_first_in_first_out(self):
        daemon = self.daemon(workers=1, health={"interval": "1h"})
        with held(*daemon.pids()):
            waiting = []
            for position, question in enumerate(FIVE):
                waiting.append(self.send(daemon, question))
                daemon.wait_busy(1)
                daemon.wait_queue(position)
        while waiting:
            answered = select.select(waiting, [], [], 30)[0]
            self.assertTrue(answered)
            self.assertEqual(answered, waiting[:len(answered)], "a later request was answered before an earlier one")
            waiting = waiting[len(answered):]

    def send(self, daemon, question):
        client = daemon.raw()
        self.addCleanup(client.close)
        client.sendall(raw_request("/v1/chat/completions", "POST", {"model": "default", "messages": user(question)}))
        return client


if __name__ == "__main__":
    unittest.main()
