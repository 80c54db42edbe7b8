"""One user who keeps a number of requests outstanding; a process of its own in the overload scenario."""
import collections
import http.client
import threading
import time

from clients import EXPECTED
from http_client import UnixConnection, exchange

LONGEST_PAUSE = 1.0  # seconds; the first answers take a while to tell the rate


class Overloader:
    """`pause_at(rate)`: the mean time until a refused request is tried again, in seconds, when so many requests of this user
    are answered in a second: the overload stays the same however fast the machine is at the moment."""

    def __init__(self, socket, question, outstanding, pause_at, random):
        self.socket, self.question, self.outstanding = socket, question, outstanding
        self.pause_at, self.random = pause_at, random
        self.answered_at = collections.deque([time.time()], maxlen=20)
        self.body = {"model": "default", "messages": [{"role": "user", "content": question}]}
        self.report = {"answered": [], "refused": [], "wrong": []}

    def run(self, since, until):
        """Answers and refusals since then, in seconds, and what was neither; requests that wait at the end are waited for."""
        self.since, self.until = since, until
        threads = [threading.Thread(target=self.keep_one) for _ in range(self.outstanding)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.report

    def keep_one(self):
        while time.time() < self.until:
            try:
                refused = self.ask_once()
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self.report["wrong"].append(repr(error))
                return
            if refused:
                rate = max(0.1, (len(self.answered_at) - 1) / (time.time() - self.answered_at[0]))
                time.sleep(min(LONGEST_PAUSE, self.random.expovariate(1 / self.pause_at(rate))))

    def ask_once(self):
        """True when it was refused."""
        connection = UnixConnection(self.socket)
        try:
            began = time.time()
            answer = exchange(connection, "POST", "/v1/chat/completions", self.body)
            now = time.time()
        finally:
            connection.close()
        if answer.status == 429:
            self.report["refused"] += [now - began] if now > self.since else []
        elif answer.status != 200 or answer.text != EXPECTED[self.question]:
            self.report["wrong"].append(f"{answer.status} {answer.body[:300]!r}")
        else:
            self.answered_at.append(now)
            # Before and after not all of the others compete.
            self.report["answered"] += [now - began] if self.since < now < self.until else []
        return answer.status == 429
