"""Completion in bash, zsh and fish: the same commands, options and files that `corral --help` tells of."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from corral import BINARY, ROOT

FOLDER = ROOT / "cli/completions"
# What the shells run, with the words of the line as arguments; the last one is being completed.
BASH = 'source "$0"; COMP_WORDS=(corral "$@"); COMP_CWORD=$#; _corral; printf "%s\\n" "${COMPREPLY[@]}"'
# The functions of zsh that draw menus only work in its editor: theirs say here what they were given.
ZSH = """_describe() { print -rl -- ${(P)2} }
_files() { print -rl -- $words[CURRENT]*(N) }
words=(corral "$@"); CURRENT=$#words; argv=(); source "$0" """
FISH = "source $argv[1]; complete -C (string join -- ' ' corral (string escape -- $argv[2..-2]) $argv[-1])"


def help_of(*command):
    return subprocess.run([BINARY, *command, "--help"], check=True, capture_output=True, text=True, timeout=30).stdout


def options(*command):
    return {name for names in re.findall(r"^  (-\S+)", help_of(*command), re.M) for name in names.split(",")}


def commands():
    return set(re.findall(r"^  ([a-z][-a-z]*) ", help_of().partition("Subcommands:\n")[2].partition("\n\n")[0], re.M))


class Completions:
    """`mark` parts a name from its description, where there is one; zsh leaves it to its menu to filter by the word."""

    def setUp(self):
        if not shutil.which(self.shell):
            self.skipTest(f"SKIPPED: {self.shell} is missing")
        folder = tempfile.TemporaryDirectory(prefix="corral-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "mo del.gguf").touch()

    def complete(self, *words):
        """Word by word what is offered: name and description."""
        environment = os.environ | {"PATH": f"{pathlib.Path(BINARY).parent}:{os.environ['PATH']}", "HOME": str(self.folder)}
        done = subprocess.run([self.shell, *self.command, *words], capture_output=True, text=True, timeout=60, cwd=self.folder,
                              env=environment, stdin=subprocess.DEVNULL)
        self.assertEqual(done.stderr, "")
        pairs = [line.partition(self.mark) for line in done.stdout.splitlines() if line]
        return {name: text for name, _, text in pairs}

    def test_commands(self):
        found = self.complete("")
        self.assertEqual(set(found), commands())
        self.assertIn("check-config", found)
        self.assertEqual(set(self.complete("st")) & commands(), {"status"} if self.filters else commands())

    def test_the_options_of_every_command(self):
        self.assertEqual(set(self.complete("-")), options())
        for command in commands():
            with self.subTest(command):
                found = self.complete(command, "-")
                self.assertEqual(set(found), options(command))
                if self.describes:
                    self.assertEqual([name for name, text in found.items() if not text], [])
        self.assertLessEqual({"-s", "--socket", "--timeout", "--watch"}, set(self.complete("status", "-")))

    def test_files_where_files_are_wanted(self):
        for words in (["serve", "--model"], ["plan", "-c"], ["doctor", "--llama-cli"], ["ask", "--socket"], ["check-config"]):
            with self.subTest(words):
                self.assertEqual([name.replace("\\", "") for name in self.complete(*words, "mo")], ["mo del.gguf"])
        for words in (["ask", "--model"], ["serve", "--workers"], ["status", "--timeout"], ["reload"]):
            with self.subTest(words):
                self.assertEqual(self.complete(*words, "mo"), {})


class Bash(Completions, unittest.TestCase):
    shell, mark, filters, describes = "bash", "\t", True, False
    command = ["--norc", "-c", BASH, FOLDER / "corral.bash"]


class Zsh(Completions, unittest.TestCase):
    shell, mark, filters, describes = "zsh", ":", False, True
    command = ["-f", "-c", ZSH, FOLDER / "corral.zsh"]


class Fish(Completions, unittest.TestCase):
    shell, mark, filters, describes = "fish", "\t", True, True
    command = ["--no-config", "-c", FISH, FOLDER / "corral.fish"]


if __name__ == "__main__":
    unittest.main()
