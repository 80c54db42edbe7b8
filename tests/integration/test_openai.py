"""Point 8: the openai package of npm talks to corral over the Unix socket and over TCP."""
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest

from corral import CorralTest

CLIENT = pathlib.Path(__file__).with_name("openai_client")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def node_fits():
    """The openai package wants node 20, which Debian 12 does not have; scripts/test says so aloud when it is missing."""
    if not shutil.which("npm") or not shutil.which("node"):
        return False
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    return int(version.lstrip("v").partition(".")[0]) >= 20


@unittest.skipUnless(node_fits(), "no npm or no node >= 20: the openai package is not tried")
class OpenAiPackage(CorralTest):
    def test_the_openai_package(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="corral-openai-"))
        self.addCleanup(shutil.rmtree, folder)
        for name in ("package.json", "package-lock.json", ".npmrc", "client.test.mjs"):
            shutil.copy(CLIENT / name, folder)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True, timeout=240)
        key_file = folder / "keys"
        key_file.write_text("# the tests' key\nsecret-key\n")
        key_file.chmod(0o600)
        port = free_port()
        unix = tempfile.mkdtemp(prefix="corral-test-")
        daemon = self.daemon(workers=1, folder=unix, queue={"limit": 1}, listen={
            "unix": {"path": f"{unix}/corral.sock"},
            "tcp": {"address": "127.0.0.1", "port": port, "api_key_file": str(key_file)}})
        environment = {"CORRAL_SOCKET": str(daemon.socket), "CORRAL_URL": f"http://127.0.0.1:{port}/v1",
                       "CORRAL_KEY": "secret-key"}
        ended = subprocess.run(["node", "--test", "--test-concurrency=1", "client.test.mjs"], cwd=folder, timeout=240,
                               capture_output=True, text=True, env=os.environ | environment)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)


if __name__ == "__main__":
    unittest.main()
