"""Point 3: the prompt that the model sees is exactly what llama-server renders for the same messages, or 400.

Here the engine's own count of prompt tokens and its answer stand for the prompt; test_rendering.py compares the text."""
import unittest

import nasty
from corral import SharedDaemonTest, user
from reference import FIVE, RULES, Reference


LONGEST = 48  # tokens; what the bundled model says to nonsense has no end of its own


class Fidelity(SharedDaemonTest):
    settings = {"workers": 1, "pool": {"max_tokens": LONGEST}, "health": {"interval": "1h"}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reference = Reference()
        cls.addClassCleanup(cls.reference.stop)

    def setUp(self):
        self.pids = self.shared.pids()

    def assert_worker_untouched(self):
        """The same process, in step, with nothing left over from the message before."""
        self.assertEqual(self.shared.pids(), self.pids)
        answer = self.shared.chat("Rules?")
        self.assertEqual((answer.status, answer.text), (200, RULES))
        self.assertEqual(answer.usage["prompt_tokens"], self.reference.count(self.reference.render(user("Rules?"))))

    def assert_same_prompt(self, messages):
        ours = self.shared.chat(messages)
        self.assertEqual(ours.status, 200, ours.body)
        rendered = self.reference.render(messages)
        self.assertIsNotNone(rendered, "llama-server refuses what was answered")
        self.assertEqual(ours.usage["prompt_tokens"], self.reference.count(rendered), messages)
        return ours

    def assert_same_prompt_and_answer(self, messages):
        ours = self.assert_same_prompt(messages)
        theirs = self.reference.chat(messages, max_tokens=LONGEST)
        prefilled = messages[-1]["content"] if messages[-1]["role"] == "assistant" else ""
        # The end of the answer is framed by a newline: one at its end cannot be told from none.
        self.assertEqual((prefilled + ours.text).removesuffix("\n"), theirs.text.removesuffix("\n"), messages)
        self.assertEqual(ours.usage["completion_tokens"], theirs.usage["completion_tokens"], messages)

    def assert_same_prompt_or_refused(self, messages):
        ours = self.shared.chat(messages)
        if ours.status == 400:
            self.assertTrue(ours.error["message"])
        else:
            self.assert_same_prompt_and_answer(messages)

    def test_nasty_texts_reach_the_model_as_they_are(self):
        for name, text in nasty.TEXTS.items():
            with self.subTest(name):
                self.assert_same_prompt_and_answer(user(text))
                self.assert_worker_untouched()

    def test_texts_with_a_nul_reach_the_model_or_are_refused(self):
        for text in nasty.WITH_NUL:
            with self.subTest(text):
                self.assert_same_prompt_or_refused(user(text))
                self.assert_worker_untouched()

    def test_nasty_texts_in_every_role(self):
        for name, text in nasty.TEXTS.items():
            for role in ("system", "developer", "assistant"):
                with self.subTest(name, role=role):
                    self.assert_same_prompt_and_answer([{"role": role, "content": text}] + user("Cards?"))
        self.assert_worker_untouched()

    def test_role_sequences(self):
        for roles in nasty.ROLES:
            with self.subTest(roles):
                self.assert_same_prompt_or_refused(nasty.conversation(roles))
        self.assert_worker_untouched()

    def test_a_last_assistant_message_is_continued(self):
        self.assert_same_prompt_or_refused(user("Rules?") + [{"role": "assistant", "content": ""}])
        for cut in (4, 8, 13, len(RULES)):
            with self.subTest(RULES[:cut]):
                self.assert_same_prompt_and_answer(user("Rules?") + [{"role": "assistant", "content": RULES[:cut]}])
        self.assertEqual(self.shared.ask(user("Rules?") + [{"role": "assistant", "content": "Play one"}]),
                         RULES.removeprefix("Play one"))

    def test_nasty_prefills(self):
        for name, text in nasty.TEXTS.items():
            with self.subTest(name):
                self.assert_same_prompt_or_refused(user("Rules?") + [{"role": "assistant", "content": text}])
        self.assert_worker_untouched()

    def test_text_parts_are_joined_as_llama_server_does(self):
        parts = [{"type": "text", "text": "Rul"}, {"type": "text", "text": "es?"}]
        messages = [{"role": "user", "content": parts}]
        ours = self.shared.chat(messages)
        self.assertEqual(ours.status, 200, ours.body)
        self.assertEqual(ours.usage["prompt_tokens"], self.reference.count(self.reference.render(messages)))

    def test_bodies_that_are_no_valid_json_are_refused(self):
        for body in nasty.INVALID_BODIES:
            with self.subTest(body):
                answer = self.shared.request("POST", "/v1/chat/completions", body)
                self.assertEqual(answer.status, 400, answer.body)
                self.assertTrue(answer.error["message"])
        self.assert_worker_untouched()

    def test_lone_surrogates_are_refused_or_as_in_llama_server(self):
        for escaped in nasty.SURROGATES:
            with self.subTest(escaped):
                body = b'{"model":"default","messages":[{"role":"user","content":"%s"}]}' % escaped
                ours = self.shared.request("POST", "/v1/chat/completions", body)
                if ours.status != 400:
                    theirs = self.reference.request("POST", "/v1/chat/completions", body)
                    self.assertEqual((ours.status, ours.usage["prompt_tokens"]),
                                     (theirs.status, theirs.usage["prompt_tokens"]))
        self.assert_worker_untouched()

    def test_200_kb_overflows_the_context_with_the_right_number_of_tokens(self):
        text = nasty.long_text(200_000)
        answer = self.shared.chat(text)
        self.assertEqual((answer.status, answer.error["code"]), (400, "context_length_exceeded"), answer.body)
        self.assertIn(str(self.reference.count(self.reference.render(user(text)))), answer.error["message"])
        self.assert_worker_untouched()

    def test_the_longest_texts_that_fit(self):
        # Only the prompt: to such nonsense llama-server itself answers one thing or the other, by what it has cached.
        for size in (1000, 3000, 4090, 4096, 4100):
            with self.subTest(size):
                self.assert_same_prompt(user(nasty.long_text(size)))
        self.assert_worker_untouched()

    def test_no_file_is_read(self):
        secret = self.shared.folder / "secret.txt"
        secret.write_text("The secret word is frog.")
        for command in ("/read", "/glob", "/image"):
            messages = user(f"{command} {secret}")
            self.assert_same_prompt_and_answer(messages)
            self.assert_same_prompt_and_answer(messages + [{"role": "assistant", "content": "ok"}] + user("What is the secret word?"))
            self.assertEqual(self.shared.ask("What is the secret word?"), "You have not told me the secret word.")

    def test_all_five_topics_after_all_that(self):
        self.assertEqual({question: self.shared.ask(question) for question in FIVE}, FIVE)


if __name__ == "__main__":
    unittest.main()
