"""Point 4: usage and answers equal llama-server's for the same messages on the bundled model."""
import unittest

from corral import CorralTest, SharedDaemonTest, user
from reference import Reference, conversations

SAMPLE = conversations()[::5]


def tokens(answer):
    return {name: answer.usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")}


class Usage(SharedDaemonTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reference = Reference()
        cls.addClassCleanup(cls.reference.stop)

    def assert_same(self, messages, **fields):
        ours = self.shared.chat(messages, **fields)
        theirs = self.reference.chat(messages, **fields)
        self.assertEqual(ours.status, 200, ours.body)
        self.assertEqual((ours.text, ours.finish), (theirs.text, theirs.finish), messages)
        self.assertEqual(tokens(ours), tokens(theirs), messages)

    def test_a_sample_of_the_evaluation(self):
        self.assertGreaterEqual(len(SAMPLE), 60)
        for line in SAMPLE:
            self.assert_same(line["messages"])

    def test_an_answer_cut_by_max_tokens(self):
        for limit in (1, 2, 7, 20):
            self.assert_same(user("Count to 40."), max_tokens=limit)

    def test_an_answer_as_long_as_max_tokens(self):
        whole = self.reference.chat(user("Cards?")).usage["completion_tokens"]
        for limit in (whole - 2, whole - 1, whole, whole + 1):
            self.assert_same(user("Cards?"), max_tokens=limit)

    def test_a_stream_reports_the_same_usage_as_a_whole_answer(self):
        whole = self.shared.chat("Setup?").usage
        events = list(self.shared.stream("Setup?", stream_options={"include_usage": True}))
        streamed = [event["usage"] for event in events if isinstance(event, dict) and event.get("usage")]
        self.assertEqual(len(streamed), 1)
        for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
            self.assertEqual(streamed[0][name], whole[name])


class CachedTokens(CorralTest):
    def test_cached_tokens_equal_those_of_a_server_that_was_asked_the_same(self):
        daemon = self.daemon(workers=1)
        reference = Reference()
        self.addCleanup(reference.stop)
        for line in [line for line in SAMPLE if len(line["messages"]) > 5][:5]:
            for length in range(1, len(line["messages"]) + 1, 2):
                messages = line["messages"][:length]
                if messages[-1]["role"] != "user":
                    continue
                self.assertEqual(daemon.chat(messages).usage, reference.chat(messages).usage | {"resumed": 0}, messages)


if __name__ == "__main__":
    unittest.main()
