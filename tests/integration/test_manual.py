"""The manual pages name everything that the program and the annotated configuration name."""
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from corral import ROOT
from test_completions import commands, options

MANUAL = ROOT / "docs/man/corral.1"
EXAMPLE = ROOT / "config/corral.yaml"


def keys_page():
    return subprocess.run([sys.executable, "-B", ROOT / "docs/man/corral_yaml_5.py", EXAMPLE], check=True, capture_output=True,
                          text=True, timeout=60).stdout


class Manual(unittest.TestCase):
    def test_every_command_has_a_section_with_all_its_options(self):
        text = MANUAL.read_text().replace("\\-", "-")
        sections = dict(re.findall(r"^\.Ss corral (\S+).*?\n(.*?)(?=^\.S[sh])", text, re.M | re.S))
        self.assertEqual(set(sections), commands())
        for command, section in sections.items():
            words = re.sub(r"^\.(It )?Fl |, | Ar .*?(?=,|$)|Fl ", " ", section, flags=re.M).split()
            for option in options(command) - {"-h", "--help"}:
                with self.subTest(command, option=option):
                    self.assertIn(option.removeprefix("-"), words)

    def test_the_page_of_the_configuration_has_every_key_with_its_default(self):
        page = keys_page().replace("\\-", "-")
        told = re.findall(r"^\.(?:It|Ss) (?:\S*\.)?(\w+)(?: : (.*))?$", page, re.M)
        lines = re.findall(r"^ *(?:# *)?(?:- )?([a-z_]+):(?: +([^# ].*?))? *(?:#.*)?$", EXAMPLE.read_text(), re.M)
        self.assertGreater(len(lines), 60)
        self.assertEqual(told, [(key, value.replace('"', "\\(dq")) for key, value in lines])

    def test_no_formatter_complains(self):
        for program, *arguments in (("mandoc", "-T", "lint", "-W", "warning"), ("man", "--warnings", "-l")):
            if not shutil.which(program):
                self.skipTest(f"SKIPPED: {program} is missing")
            for text, section in ((MANUAL.read_text(), ".1"), (keys_page(), ".5")):
                with tempfile.NamedTemporaryFile("w", prefix="corral-test-", suffix=section) as page:
                    page.write(text)
                    page.flush()
                    done = subprocess.run([program, *arguments, page.name], capture_output=True, text=True, timeout=60,
                                          env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
                complaints = done.stderr if program == "man" else done.stdout + done.stderr
                self.assertEqual((complaints, done.returncode), ("", 0))


if __name__ == "__main__":
    unittest.main()
