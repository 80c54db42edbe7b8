"""HTTP as the tests speak it: over a Unix socket or TCP, whole answers, event streams and raw bytes."""
import http.client
import json
import socket

TIMEOUT = 60.0


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=TIMEOUT)
        self.path = path

    def connect(self):
        self.sock = unix_socket(self.path)


def unix_socket(path):
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connected.settimeout(TIMEOUT)
    try:
        connected.connect(str(path))
    except OSError:
        connected.close()
        raise
    return connected


class Answer:
    """A whole HTTP answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json()["error"]

    @property
    def text(self):
        return self.json()["choices"][0]["message"]["content"]

    @property
    def finish(self):
        return self.json()["choices"][0]["finish_reason"]

    @property
    def usage(self):
        return self.json()["usage"]


def encoded(body):
    """A body as bytes: bytes as they are, everything else as JSON."""
    return body if body is None or isinstance(body, bytes) else json.dumps(body).encode()


def exchange(connection, method, path, body=None, headers=None):
    """One request and its whole answer on a connection that stays open."""
    connection.request(method, path, encoded(body), {"Content-Type": "application/json"} | (headers or {}))
    return Answer(connection.getresponse())


class Stream:
    """An answer as server-sent events: iterating gives the JSON of each, and the text "[DONE]"."""

    def __init__(self, connection, body):
        self.connection = connection
        connection.request("POST", "/v1/chat/completions", encoded(body), {"Content-Type": "application/json"})
        self.socket = connection.sock
        self.response = connection.getresponse()
        self.status = self.response.status

    def __iter__(self):
        while line := self.response.readline():
            if line.startswith(b"data: "):
                data = line[6:].strip().decode()
                yield data if data == "[DONE]" else json.loads(data)
        self.hang_up()

    def first_text(self):
        """Reads up to and with the first piece of the answer."""
        return next(text for event in self if (text := delta(event)))

    def hang_up(self):
        self.response.close()
        self.connection.close()
        self.socket.close()


def delta(event):
    """The text of one event, empty when it has none."""
    choices = event.get("choices") if isinstance(event, dict) else None
    return (choices[0]["delta"].get("content") or "") if choices else ""


def joined(events):
    return "".join(delta(event) for event in events)


def finish_reasons(events):
    found = [event["choices"][0]["finish_reason"] for event in events if isinstance(event, dict) and event.get("choices")]
    return [reason for reason in found if reason]


def read_answer(stream):
    """One answer with a Content-Length from a buffered raw stream: (status line, headers, body)."""
    status = stream.readline().decode().strip()
    headers = http.client.parse_headers(stream)
    return status, headers, stream.read(int(headers.get("Content-Length", 0)))


def raw_request(path="/health", method="GET", body=None, **headers):
    """The bytes of one request; a header's name has _ for -."""
    content = encoded(body) or b""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if content:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
