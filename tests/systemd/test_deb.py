"""The Debian package as a file: what is in it, and what lintian says of it."""
import shutil
import subprocess
import tempfile
import unittest

import box
import deb


class Deb(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if deb.missing():
            print(f"SKIPPED: the package is not made, {' and '.join(deb.missing())} missing", flush=True)
            raise unittest.SkipTest("tools are missing")
        folder = tempfile.TemporaryDirectory(prefix="corral-deb-")
        cls.addClassCleanup(folder.cleanup)
        cls.file = deb.build(folder.name)

    def field(self, name):
        return deb.run("dpkg-deb", "--field", self.file, name).strip()

    def test_fields(self):
        version, architecture = self.field("Version"), self.field("Architecture")
        self.assertEqual(self.file.name, f"corral_{version}_{architecture}.deb")
        changelog = (box.ROOT / "systemd/debian/changelog").read_text()
        self.assertTrue(changelog.startswith(f"corral ({version}) "), "the changelog tells of another version")
        self.assertEqual(architecture, deb.run("dpkg", "--print-architecture").strip())
        for library in ("libc6 (>= ", "libstdc++6 (>= ", "libyaml-cpp", "libspdlog", "libsystemd0", "libedit2"):
            self.assertIn(library, self.field("Depends"))
        self.assertIn("llama.cpp-tools", self.field("Recommends"))

    def test_files(self):
        listed = [line.split(None, 5) for line in deb.run("dpkg-deb", "--contents", self.file).splitlines()]
        modes = {name.removeprefix("."): mode for mode, _, _, _, _, name in listed}
        self.assertEqual({owner for _, owner, *_ in listed}, {"root/root"})
        for name, mode in modes.items():
            program = name == "/usr/bin/corral" or name.startswith("/usr/share/doc/corral/examples/scripts/") and mode[3] == "x"
            expected = "drwxr-xr-x" if name.endswith("/") else "-rwxr-xr-x" if program else "-rw-r--r--"
            self.assertEqual(mode, expected, name)
        for name in ("/usr/bin/corral", "/etc/corral/corral.yaml", "/usr/share/man/man1/corral.1.gz",
                     "/usr/share/man/man5/corral.yaml.5.gz", "/usr/lib/systemd/system/corral@.socket",
                     "/usr/share/bash-completion/completions/corral", "/usr/share/doc/corral/examples/corral.yaml",
                     "/usr/share/doc/corral/examples/scripts/summarise", "/usr/share/doc/corral/examples/systemd/gpu.conf"):
            self.assertIn(name, modes)
        self.assertEqual(deb.run("dpkg-deb", "--info", self.file, "conffiles").split(), ["/etc/corral/corral.yaml"])

    def test_lintian_finds_no_error(self):
        if not shutil.which("lintian"):
            self.skipTest("lintian is missing")
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error", self.file], capture_output=True, text=True, timeout=300)
        print(done.stdout + done.stderr, flush=True)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
