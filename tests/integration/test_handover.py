"""A socket of systemd stays when corral is replaced (a restart, an upgrade): no client of it may notice."""
import pathlib
import shutil
import socket
import tempfile
import threading
import unittest

from corral import FAKE_LLAMA_CLI, CorralTest, Daemon, in_background
from http_client import exchange, joined, raw_request, read_answer
from processes import wait_for


class Handover(CorralTest):
    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="corral-test-"))
        self.addCleanup(shutil.rmtree, folder)
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(self.listening.close)
        self.listening.bind(str(folder / "handed.sock"))
        self.listening.listen()

    def start(self):
        daemon = Daemon(workers=1, pool={"llama_cli": FAKE_LLAMA_CLI}, handed=self.listening)
        self.addCleanup(daemon.stop)
        return daemon.start()

    def test_running_and_queued_answers_end_here_and_who_comes_later_is_answered_by_the_next(self):
        first = self.start()
        idle = first.connect()
        self.assertEqual(exchange(idle, "GET", "/health").status, 200)
        begun = first.raw()  # has sent nothing yet
        begun.sendall(b"GET /health HTT")
        running = first.stream("Count to 3. [sleep 2000 at 1]")
        running.first_text()
        queued = in_background(first.ask, "Count to 4.")
        first.wait_queue(1)

        first.signal()
        wait_for(lambda: "stopping" in first.log(), "the beginning of the end")
        later = [in_background(first.ask, "Count to 5.") for _ in range(3)]
        begun.sendall(raw_request()[len(b"GET /health HTT"):])
        with begun, begun.makefile("rb") as answer:
            self.assertEqual(read_answer(answer)[0], "HTTP/1.1 200 OK")
        self.assertEqual(idle.sock.recv(1), b"", "a connection between two requests was kept")
        idle.close()
        self.assertTrue(joined(running).endswith(" 2 3"))
        self.assertEqual(queued.result(30), "1 2 3 4")
        self.assertEqual(first.wait_end(), 0)
        self.assertFalse(any(one.done() for one in later))

        second = self.start()
        self.assertEqual([one.result(30) for one in later], ["1 2 3 4 5"] * 3)
        self.assertEqual(sum(worker["requests"] for worker in second.workers()), 3)

    def test_clients_that_ask_all_the_time_notice_nothing_of_ten_successions(self):
        daemon = self.start()
        end = threading.Event()

        def ask_until_the_end():
            answers = 0
            while not end.is_set():
                self.assertEqual(daemon.ask("Count to 3."), "1 2 3")
                answers += 1
            return answers
        clients = [in_background(ask_until_the_end) for _ in range(4)]
        self.addCleanup(end.set)
        for _ in range(10):
            answered = daemon.pool()["recent"]["answered"]
            wait_for(lambda: daemon.pool()["recent"]["answered"] > answered + 20, "some answers")
            daemon.signal()
            self.assertEqual(daemon.wait_end(), 0)
            daemon.start(ready=False)  # its worker is busy from the first moment on
        end.set()
        self.assertGreater(min(client.result(30) for client in clients), 10)

    def test_a_client_that_sends_nothing_does_not_keep_it(self):
        daemon = self.start()
        with daemon.raw() as silent:
            daemon.get("/health")  # the server takes connections in turn: it has the silent one by now
            daemon.signal()
            self.assertEqual(daemon.wait_end(), 0)
            self.assertEqual(silent.recv(1), b"")


if __name__ == "__main__":
    unittest.main()
