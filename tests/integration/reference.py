"""llama-server, the judge of what a prompt, an answer and its usage have to be."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import corral
from http_client import UnixConnection, exchange
from processes import wait_for

LLAMA_SERVER = str(pathlib.Path(corral.LLAMA_CLI).with_name("llama-server"))


class Reference:
    """One llama-server on a Unix socket of its own; `template` replaces the model's chat template."""

    def __init__(self, template=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="corral-reference-"))
        self.socket = self.folder / "llama.sock"
        more = ["--chat-template-file", template] if template else []
        command = corral.tied(LLAMA_SERVER, "-m", corral.MODEL, "-c", 2048, "-np", 1, "-t", 1, "--cache-ram", 256,
                              "--no-webui", "--offline", "--host", self.socket, *more)
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, env=os.environ | {"GGML_NO_BACKTRACE": "1"})
        try:
            wait_for(self.is_ready, "llama-server being ready", 60.0)
        except BaseException:
            self.stop()
            raise

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "log").read_text(errors="replace")[-2000:])
        try:
            return self.request("GET", "/health").status == 200
        except (FileNotFoundError, ConnectionError):
            return False

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def request(self, method, path, body=None):
        connection = UnixConnection(self.socket)
        try:
            return exchange(connection, method, path, body)
        finally:
            connection.close()

    def render(self, messages):
        """The prompt for these messages; none when llama-server refuses them."""
        answer = self.request("POST", "/apply-template", {"messages": messages})
        return answer.json()["prompt"] if answer.status == 200 else None

    def count(self, prompt):
        """The tokens of a rendered prompt."""
        body = {"content": prompt, "add_special": True, "parse_special": True}
        return len(self.request("POST", "/tokenize", body).json()["tokens"])

    def chat(self, messages, **fields):
        body = {"messages": messages, "temperature": 0, "max_tokens": 512} | fields
        return self.request("POST", "/v1/chat/completions", body)


def conversations():
    """The lines of eval.jsonl: task, messages, expected."""
    return [json.loads(line) for line in (corral.ROOT / "models/eval.jsonl").read_text().splitlines()]


def topics():
    """The bundled model's answer to each topic of its knowledge."""
    sections = (corral.ROOT / "models/knowledge.md").read_text().split("\n## ")[1:]
    return {title.strip(): text.strip() for title, _, text in (section.partition("\n") for section in sections)}


FIVE = {question: topics()[topic] for question, topic in
        {"Rules?": "Rules", "Setup?": "Setup", "Win?": "Winning", "Cards?": "Cards", "Turns?": "Turns"}.items()}
RULES = FIVE["Rules?"]
NO_NAME = "You have not told me your name."
