"""One user who keeps a number of requests outstanding; a process of its own in the overload scenario."""
import http.client
import threading
import time

from clients import EXPECTED
from http_client import UnixConnection, exchange


class Overloader:
    """`pause`: the mean time until a refused request is tried again, in seconds."""

    def __init__(self, socket, question, outstanding, pause, random):
        self.socket, self.question, self.outstanding, self.pause, self.random = socket, question, outstanding, pause, random
        self.body = {"model": "default", "messages": [{"role": "user", "content": question}]}
        self.report = {"answered": [], "refused": [], "wrong": []}

    def run(self, until):
        """Answers and refusals in seconds, and what was neither; requests that wait at the end are waited for."""
        threads = [threading.Thread(target=self.keep_one, args=(until,)) for _ in range(self.outstanding)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.report

    def keep_one(self, until):
        while time.time() < until:
            try:
                refused = self.ask_once(until)
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self.report["wrong"].append(repr(error))
                return
            if refused:
                time.sleep(self.random.expovariate(1 / self.pause))

    def ask_once(self, until):
        """True when it was refused."""
        connection = UnixConnection(self.socket)
        try:
            began = time.time()
            answer = exchange(connection, "POST", "/v1/chat/completions", self.body)
            now = time.time()
        finally:
            connection.close()
        if answer.status == 429:
            self.report["refused"].append(now - began)
        elif answer.status != 200 or answer.text != EXPECTED[self.question]:
            self.report["wrong"].append(f"{answer.status} {answer.body[:300]!r}")
        elif now < until:  # what ends later is answered to clients that compete no more
            self.report["answered"].append(now - began)
        return answer.status == 429
