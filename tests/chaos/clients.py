"""Clients in a closed loop that know what the answer has to be. Some leave before they have it."""
import collections
import http.client
import time

from http_client import encoded, joined
from reference import FIVE

# Many long ones: a conversation that is in the hands of most workers that die is taken for what kills them.
COUNTS = (20, 50, 100, 110, 120, 130, 140, 150, 160, 180, 190, 200)
EXPECTED = FIVE | {f"Count to {n}.": " ".join(map(str, range(1, n + 1))) for n in COUNTS}
QUESTIONS = sorted(EXPECTED)
LEAVES_WITHIN = 0.15  # seconds; some answers are shorter, some are not
STREAMED = {"stream_options": {"include_usage": True}}


class Tally(collections.Counter):
    """requests, streamed, complete, refused, left, resumed, lost, wrong, quarantined; uncounted: without the engine's own
    count of tokens; miscounted: with another one"""

    def report(self, findings):
        findings.figure("requests", f"{self['requests']} ({self['streamed']} streamed)")
        findings.figure("complete / left by the client / refused with 429",
                        f"{self['complete']} / {self['left']} / {self['refused']}")
        findings.figure("usage without the last token or missing / wrong", f"{self['uncounted']} / {self['miscounted']}")
        findings.figure("lost / wrong / quarantined", f"{self['lost']} / {self['wrong']} / {self['quarantined']}")


def summed(tallies):
    total = Tally()
    for tally in tallies:
        total.update(tally)
    return total


class Client:
    """`random` decides what it does; `usages` are the counts of undisturbed answers."""

    def __init__(self, daemon, random, usages, findings, leave_share=0.15):
        self.daemon, self.random, self.usages, self.findings = daemon, random, usages, findings
        self.leave_share = leave_share
        self.tally = Tally()

    def run(self, stop):
        while not stop.is_set():
            question = self.random.choice(QUESTIONS)
            streams = self.random.random() < 0.5
            leaves = self.random.random() < self.leave_share
            patience = self.random.random() * LEAVES_WITHIN
            self.tally.update(requests=1, streamed=int(streams))
            try:
                if leaves:
                    self.leave(question, streams, patience)
                else:
                    self.ask(question, streams)
            except (OSError, http.client.HTTPException, ValueError, KeyError, IndexError) as error:
                self.fail("lost", question, repr(error))
        return self.tally

    def leave(self, question, streams, patience):
        connection = self.daemon.connect()
        body = {"model": "default", "messages": [{"role": "user", "content": question}], "stream": streams}
        connection.request("POST", "/v1/chat/completions", encoded(body), {"Content-Type": "application/json"})
        time.sleep(patience)
        connection.close()
        self.tally["left"] += 1

    def ask(self, question, streams):
        if streams:
            stream = self.daemon.stream(question, **STREAMED)
            if stream.status != 200:
                status, body = stream.status, stream.response.read()
                stream.hang_up()
                return self.refused(question, status, body)
            events = list(stream)
            if events[-1:] != ["[DONE]"]:
                return self.refused(question, 200, repr(events[-1:]))
            return self.judge(question, joined(events[:-1]), events[-2].get("usage"))
        answer = self.daemon.chat(question)
        if answer.status != 200:
            return self.refused(question, answer.status, answer.body)
        return self.judge(question, answer.text, answer.usage)

    def refused(self, question, status, body):
        if status == 429:
            self.tally["refused"] += 1
            time.sleep(self.random.random() * 0.1)
        else:
            quarantined = status == 422 or "conversation_quarantined" in str(body)
            self.fail("quarantined" if quarantined else "lost", question, f"{status} {body}")

    def judge(self, question, text, usage):
        if text != EXPECTED[question]:
            return self.fail("wrong", question, f"{text!r} instead of {EXPECTED[question]!r}; usage {usage}")
        self.tally["complete"] += 1
        if usage is None:
            self.tally["uncounted"] += 1
            return
        self.tally["resumed"] += usage["resumed"]
        prompt, completion = self.usages[question]
        # Of a worker that died between its last word and its log's, nobody knows the token that ends a turn.
        self.tally["uncounted"] += usage["completion_tokens"] == completion - 1
        if usage["prompt_tokens"] != prompt or usage["completion_tokens"] not in (completion, completion - 1):
            self.fail("miscounted", question, f"usage {usage} instead of {prompt} + {completion} tokens")

    def fail(self, how, question, what):
        self.tally[how] += 1
        self.findings.violation(f"{how}: {question!r} got {what}", self.daemon)


def undisturbed(daemon):
    """What each answer counts when nothing happens to its worker, and how long the longest takes in seconds."""
    counts = {}
    longest = 0.0
    for question in QUESTIONS:
        asked = time.monotonic()
        answer = daemon.chat(question)
        longest = max(longest, time.monotonic() - asked)
        if answer.text != EXPECTED[question]:
            raise AssertionError(f"undisturbed, {question!r} got {answer.text!r}")
        counts[question] = [answer.usage["prompt_tokens"], answer.usage["completion_tokens"]]
    return counts, longest
