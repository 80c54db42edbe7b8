"""How much of its model a worker has in memory while it loads: what is told is what the kernel says."""
import pathlib
import re
import shutil
import tempfile
import unittest

from corral import MODEL, CorralTest
from made_model import slow_model
from processes import PROC, held, wait_for
from service_manager import NotifySocket


def mapped_bytes(pid, path):
    """The resident pages of a file in a process's memory."""
    total, of_file = 0, False
    for line in (PROC / str(pid) / "smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            of_file = line.endswith(" " + str(path))
        elif of_file and line.startswith("Rss:"):
            total += int(line.split()[1]) * 1024
    return total


class Loading(CorralTest):
    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="corral-test-")).resolve()
        self.addCleanup(shutil.rmtree, folder)
        self.model = slow_model(folder / "big.gguf", MODEL)

    def test_the_bytes_told_are_those_that_the_kernel_counts(self):
        manager = NotifySocket()
        self.addCleanup(manager.close)
        pool = {"model": str(self.model), "context": 512, "max_tokens": 256}
        daemon = self.daemon(workers=1, ready=False, pool=pool, environment=manager.environment())
        worker = daemon.wait_loading()
        size = self.model.stat().st_size
        with held(worker["pid"]):
            counted = min(mapped_bytes(worker["pid"], self.model), size)  # the last page is not full
            self.assertGreater(counted, 0)
            wait_for(lambda: daemon.workers()[0]["loading"] == {"bytes": counted, "of_bytes": size}, f"{counted} of {size} bytes")
            manager.wait_last("STATUS", "Loading: 0 ready, 0 busy, 0 queued, 1 not available; default/1 has loaded "
                              f"{counted * 100 // size} % of {round(size / 2**20)} MiB")
        daemon.wait_ready(60)
        self.assertIsNone(daemon.workers()[0]["loading"])
        manager.wait_last("STATUS", "1 ready, 0 busy, 0 queued")


if __name__ == "__main__":
    unittest.main()
