"""A page in a real Chromium, driven through playwright-core (status_page/driver.mjs). needs_browser() skips a test where
there is none, and says why."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

DRIVER = pathlib.Path(__file__).with_name("status_page")
ANSWER_SECONDS = 60


def trouble():
    """Why there is no browser here; "" if there is one."""
    if not shutil.which("npm") or not shutil.which("node"):
        return "no npm or node on PATH"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    if int(version.lstrip("v").partition(".")[0]) < 20:
        return f"playwright-core needs node >= 20, this is {version.strip()}"
    chromium = shutil.which("chromium")
    if not chromium:
        return "no chromium on PATH (Debian's package of that name)"
    run = subprocess.run([chromium, "--version", "--no-sandbox"], capture_output=True, text=True, timeout=60)
    return "" if run.returncode == 0 else f"chromium does not run: {run.stderr.strip()[-300:]}"


def needs_browser(test_class):
    why = trouble()
    return unittest.skipIf(why, f"SKIPPED: the status page is not tried in a browser: {why}")(test_class)


class Browser:
    """Every wait is bounded in the driver."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="corral-browser-")
        try:
            for name in ("package.json", "package-lock.json", ".npmrc", "driver.mjs"):
                shutil.copy(DRIVER / name, self.folder)
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=self.folder, check=True, timeout=240)
            self.process = subprocess.Popen(
                ["node", "driver.mjs"], cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                env=os.environ | {"CHROMIUM": shutil.which("chromium"), "TMPDIR": self.folder, "HOME": self.folder})
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        self.version = self.answer()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(ANSWER_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def answer(self):
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "the driver has ended"}
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def do(self, command, **named):
        self.process.stdin.write(json.dumps({"command": command} | named) + "\n")
        return self.answer()

    def fresh(self):
        """A new page that remembers nothing, with a desktop's width in light colours."""
        self.do("fresh")
        self.look()

    def open(self, url):
        return self.do("open", url=url)

    def look(self, dark=False, width=1280, height=800):
        self.do("look", dark=dark, width=width, height=height)

    def get(self, expression):
        return self.do("get", expression=expression)

    def wait(self, expression):
        """The first true value of the expression."""
        return self.do("wait", expression=expression)

    def wait_text(self, selector, text):
        self.wait(f"[...document.querySelectorAll({json.dumps(selector)})].some(e => e.innerText.includes({json.dumps(text)}))")

    def seen(self):
        """What the page asked for, and what the console complained about."""
        return self.do("seen")


if __name__ == "__main__":  # for scripts/test
    print(trouble())
