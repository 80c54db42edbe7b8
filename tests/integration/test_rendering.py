"""Point 3, the text itself: what the wrapped template makes of an encoded conversation is, byte for byte, what the
model's own template makes of the messages."""
import unittest

import nasty
from corral import CorralTest, user
from reference import Reference

RS, US, GS = "\x1e", "\x1f", "\x1d"


def encoded(messages):
    """A conversation as corral writes it to llama-cli's stdin (docs/llama-cli.md)."""
    def entry(role, text):
        for plain, escaped in ((GS, "g"), (RS, "r"), (US, "u"), ("\n", "n")):
            text = text.replace(plain, GS + escaped)
        return RS + role + US + text
    roles = {"developer": "system"}
    parts = [entry(roles.get(m["role"], m["role"]), m["content"]) for m in messages[:-1]]
    last = messages[-1]
    parts.append(entry("prefill" if last["role"] == "assistant" else roles.get(last["role"], last["role"]), last["content"]))
    return "".join(parts) + RS


class Rendering(CorralTest):
    def setUp(self):
        daemon = self.daemon(workers=1)
        template = next(daemon.folder.glob("corral-*/template-*.jinja"))
        self.wrapped = Reference(template)
        self.addCleanup(self.wrapped.stop)
        self.native = Reference()
        self.addCleanup(self.native.stop)

    def assert_same(self, messages):
        self.assertEqual(self.wrapped.render(user(encoded(messages))), self.native.render(messages))

    def test_nasty_texts_in_every_place(self):
        for name, text in nasty.TEXTS.items():
            with self.subTest(name):
                self.assert_same(user(text))
                self.assert_same([{"role": "system", "content": text}, {"role": "assistant", "content": text}] + user(text))
                if text:
                    self.assert_same(user("Rules?") + [{"role": "assistant", "content": text}])

    def test_200_kb(self):
        self.assert_same(user(nasty.long_text(200_000)))

    def test_messages_that_are_not_encoded_pass_through(self):
        messages = [{"role": "system", "content": "s"}] + user("Rules?")
        self.assertEqual(self.wrapped.render(messages), self.native.render(messages))


if __name__ == "__main__":
    unittest.main()
