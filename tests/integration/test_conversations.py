"""Point 2: conversations that share the workers never see each other."""
import itertools
import unittest

from corral import SharedDaemonTest, in_background, user
from reference import FIVE, NO_NAME

NAMES = ["Bob", "Emma"]
ASK_NAME = "What is my name?"
QUESTIONS = [ASK_NAME, "Rules?", "Count to 5.", "Cards?", "Setup?"]
ANSWERS = FIVE | {"Count to 5.": "1 2 3 4 5"}


class Conversation:
    """One client that tells its name first and remembers the last few turns, as clients do in a short context."""

    def __init__(self, daemon, name):
        self.daemon = daemon
        self.name = name
        self.messages = []
        self.questions = itertools.cycle(QUESTIONS)
        self.tell()

    def tell(self):
        answer = self.turn(f"My name is {self.name}.")
        if answer != f"Nice to meet you, {self.name}.":
            raise AssertionError(answer)

    def turn(self, text):
        self.messages += user(text)
        answer = self.daemon.ask(self.messages)
        self.messages += [{"role": "assistant", "content": answer}]
        self.messages = self.messages[:2] + self.messages[2:][-10:]
        return answer

    def next_turn(self):
        """The next question, the answer, and the answer that it should have got."""
        question = next(self.questions)
        return question, self.turn(question), ANSWERS.get(question, f"Your name is {self.name}.")


class Conversations(SharedDaemonTest):
    def assert_own_names_only(self, turns, name):
        others = [other for other in NAMES if other != name]
        for question, answer, wanted in turns:
            self.assertFalse([other for other in others if other in answer], answer)
            self.assertEqual(answer, wanted, question)

    def test_200_turns_in_turn_never_show_the_other_name(self):
        pair = [Conversation(self.shared, name) for name in NAMES]
        for round_number in range(100):
            for conversation in pair:
                self.assert_own_names_only([conversation.next_turn()], conversation.name)
            if round_number % 10 == 0:
                self.assertEqual(self.shared.ask(ASK_NAME), NO_NAME)

    def test_200_turns_at_the_same_time_never_show_the_other_name(self):
        def talk(name):
            conversation = Conversation(self.shared, name)
            return [conversation.next_turn() for _ in range(100)]

        talks = {name: in_background(talk, name) for name in NAMES}
        nameless = [self.shared.ask(ASK_NAME) for _ in range(50)]
        for name, turns in talks.items():
            self.assert_own_names_only(turns.result(60), name)
        self.assertEqual(set(nameless), {NO_NAME})


if __name__ == "__main__":
    unittest.main()
