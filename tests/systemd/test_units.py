"""The unit files as they are, without a running systemd: whether it takes them, and what it says of their exposure."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

UNITS = pathlib.Path(__file__).resolve().parents[2] / "systemd"
EXPOSURE_MOST = 2.0


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)


class Units(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("systemd-analyze"):
            print("SKIPPED: the units are not verified, systemd-analyze is missing", flush=True)
            raise unittest.SkipTest("systemd-analyze is missing")

    def test_verify(self):
        with tempfile.TemporaryDirectory(prefix="corral-units-") as folder:
            for unit in [*UNITS.glob("*.service"), *UNITS.glob("*.socket")]:
                # What the package installs need not be installed here.
                text = unit.read_text().replace("/usr/bin/corral", "/bin/true")
                (pathlib.Path(folder) / unit.name).write_text(text)
            for name in ("corral.service", "corral@.service"):
                shutil.copytree(UNITS / "examples", f"{folder}/{name}.d")
            units = [f"{folder}/{name}" for name in ("corral.service", "corral.socket", "corral@x.service", "corral@x.socket")]
            done = run("systemd-analyze", "verify", "--man=no", *units)
            own = [line for line in (done.stdout + done.stderr).splitlines() if "corral" in line]
            self.assertEqual((own, done.returncode), ([], 0))

    def test_exposure(self):
        for name in ("corral.service", "corral@.service"):
            done = run("systemd-analyze", "security", "--offline=yes", "--no-pager", UNITS / name)
            found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
            self.assertTrue(found, done.stdout + done.stderr)
            print(f"systemd-analyze security: {name} {found[1]}", flush=True)
            self.assertLessEqual(float(found[1]), EXPOSURE_MOST)


class Instances(unittest.TestCase):
    """corral@.service is corral.service with another configuration and socket, and so for the socket."""

    def settings(self, name):
        text = (UNITS / name).read_text()
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    def test_they_differ_in_names_only(self):
        for kind in ("service", "socket"):
            renamed = [line.replace("corral@%i.socket", "corral.socket").replace("/%i.", "/corral.").replace("serve-%i", "serve")
                       .replace(" (%i)", "") for line in self.settings(f"corral@.{kind}")]
            self.assertEqual(renamed, self.settings(f"corral.{kind}"))


if __name__ == "__main__":
    unittest.main()
