"""More connections than there is room for, and clients that read or write slowly."""
import time
import unittest

from corral import in_background, user
from faked import COUNT, TWENTY, FakedTest, descriptors
from http_client import exchange, raw_request, read_answer
from processes import wait_for

CHAT = "/v1/chat/completions"


class Overload(FakedTest):
    def idle(self, daemon, count):
        """Connections that say nothing."""
        made = []
        for _ in range(count):
            connection = daemon.raw()
            self.addCleanup(connection.close)
            made.append(connection)
        return made

    def test_beyond_the_limit_they_are_told_so_and_one_that_ends_makes_room(self):
        daemon = self.fake(http={"max_connections": 10, "idle_timeout": "1h"})
        kept = daemon.connect()
        self.addCleanup(kept.close)
        self.assertEqual(exchange(kept, "GET", "/health").status, 200)
        idle = self.idle(daemon, 9)
        refused = daemon.raw()
        with refused, refused.makefile("rb") as stream:
            status, _, body = read_answer(stream)
            self.assertEqual((status, b"too many connections" in body), ("HTTP/1.1 503 Service Unavailable", True))
            self.assertEqual(stream.read(), b"")
        self.assertEqual(exchange(kept, "POST", CHAT, {"messages": user(COUNT)}).text, TWENTY)
        idle[0].close()
        wait_for(lambda: daemon.get("/health").status == 200, "room")

    def test_a_flood_leaves_those_who_are_in_unharmed(self):
        daemon = self.fake("token-ms=10", http={"max_connections": 20})
        answer = in_background(daemon.ask, "Count to 100.")
        daemon.wait_busy(1)
        for _ in range(3):
            flood = [daemon.raw() for _ in range(300)]
            for connection in flood:
                connection.close()
        self.assertTrue(answer.result(30).endswith(" 100"))
        wait_for(lambda: daemon.get("/health").status == 200, "an end of the flood")
        wait_for(lambda: descriptors(daemon.process.pid) < 40, "closed connections")

    def test_ready_tells_whether_one_more_would_be_answered_and_health_only_that_corral_lives(self):
        daemon = self.fake("token-ms=600000", queue={"limit": 1})
        self.assertEqual(daemon.get("/ready").status, 200)
        for _ in range(2):
            stream = daemon.raw()
            self.addCleanup(stream.close)
            stream.sendall(raw_request(CHAT, "POST", {"messages": user(COUNT)}))
        daemon.wait_queue(1)
        ready = daemon.get("/ready")
        self.assertEqual((ready.status, ready.error["message"]),
                         (503, "pool default: every worker is busy and the queue is full"))
        self.assertEqual(daemon.get("/health").status, 200)

    def test_a_client_that_says_nothing_or_too_little_is_sent_away(self):
        daemon = self.fake(http={"idle_timeout": "300ms", "header_timeout": "300ms", "body_timeout": "300ms"})
        silent = daemon.raw()
        with silent:
            self.assertEqual(silent.recv(100), b"")
        for beginning in (b"GET /hea", raw_request(CHAT, "POST", {"messages": user(COUNT)})[:-5]):
            slow = daemon.raw()
            with slow, slow.makefile("rb") as stream:
                slow.sendall(beginning)
                self.assertEqual(read_answer(stream)[0], "HTTP/1.1 408 Request Timeout")

    def test_one_byte_at_a_time_is_too_slow_as_well(self):
        daemon = self.fake(http={"header_timeout": "500ms"})
        slow = daemon.raw()
        slow.settimeout(0.05)
        answer = b""
        with slow:
            for byte in b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Padding: " + b"x" * 1000:
                slow.send(bytes([byte]))
                try:
                    answer = slow.recv(1000)
                    break
                except TimeoutError:
                    continue
        self.assertIn(b"408", answer)

    def test_a_client_that_does_not_read_is_dropped_and_its_worker_used_again(self):
        daemon = self.fake(timeouts={"client_write": "300ms"}, pool={"context": 100000, "max_tokens": 90000})
        pids = daemon.pids()
        deaf = daemon.raw()
        with deaf:
            deaf.sendall(raw_request(CHAT, "POST", {"messages": user("Count to 90000."), "stream": True}))
            daemon.wait_busy(1)
            self.assertEqual(daemon.ask(COUNT), TWENTY)
            received = b""
            while data := deaf.recv(1 << 20):
                received += data
            self.assertNotIn(b"[DONE]", received)
        self.assertEqual((daemon.pids(), self.starts()), (pids, 1))

    def test_a_client_that_reads_slowly_is_served(self):
        daemon = self.fake(timeouts={"client_write": "2s"}, pool={"context": 100000, "max_tokens": 90000})
        slow = daemon.raw()
        received = b""
        with slow:
            slow.sendall(raw_request(CHAT, "POST", {"messages": user("Count to 3000."), "stream": True}))
            while b"[DONE]" not in received:
                time.sleep(0.02)
                received += slow.recv(1 << 15)
        self.assertIn(b'"content":" 3000"', received)

if __name__ == "__main__":
    unittest.main()
