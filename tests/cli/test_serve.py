"""cmdai serve from outside: limits, security, hostile requests, many clients, disconnects and the end. What the interfaces
say is tested by tests/clients and tests/unit/serve_api*."""
import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time

import kit
import models
from kit import case, need, run

HOSTILE = int(os.environ.get("CM_HOSTILE_REQUESTS", "2000"))
CHAT = "/v1/chat/completions"


# --- the server ----------------------------------------------------------------------------------------------------------

class Answer:
    """One HTTP answer."""

    def __init__(self, raw):
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        need(re.fullmatch(r"HTTP/1\.[01] \d{3} .*", lines[0]), "no HTTP answer: %r" % raw[:200])
        self.status = int(lines[0].split()[1])
        self.headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            need(colon and name.lower() not in self.headers, "header %r" % line)
            self.headers[name.lower()] = value.strip()
        self.whole = True
        self.body = self._unchunk(body) if self.headers.get("transfer-encoding") == "chunked" else body
        if "content-length" in self.headers:
            self.whole = len(body) >= int(self.headers["content-length"])

    def _unchunk(self, data):
        out = b""
        while True:
            size, line, data = data.partition(b"\r\n")
            if not line:
                self.whole = False
                return out
            n = int(size.split(b";")[0], 16)
            if n == 0:
                return out
            out, data = out + data[:n], data[n + 2:]

    def json(self):
        """The body as one JSON document."""
        return json.loads(self.body)


class Server:
    """A running server."""

    def __init__(self, process):
        self.process = process
        self.lines = []
        line = process.stderr.readline().decode()
        match = re.search(r"listening on http://(\[?[0-9a-f.:]+\]?):(\d+)$", line.strip())
        need(match, "it doesn't listen: %r" % line)
        self.host, self.port = match[1].strip("[]"), int(match[2])
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)

    def connect(self, timeout=20):
        """A raw connection."""
        return socket.create_connection((self.host, self.port), timeout * kit.Settings.slow)

    def raw(self, data, timeout=20):
        """Sends bytes and reads until the server closes, or nothing more comes."""
        with self.connect(timeout) as s:
            try:
                s.sendall(data)
            except OSError:
                pass
            return receive(s)

    def ask(self, method, path, body=None, headers=None, timeout=20, version="1.1"):
        """One request on a connection of its own."""
        return Answer(self.raw(request(method, path, body, headers, version), timeout))

    def chat(self, text, path=CHAT, **more):
        """A chat of one message, by OpenAI's interface."""
        return self.ask("POST", path, {"model": "cmdai", "messages": [{"role": "user", "content": text}], **more})

    def metrics(self):
        """{name and labels: value}"""
        text = self.ask("GET", "/metrics").body.decode()
        return {k: float(v) for k, v in re.findall(r"(?m)^(cmdai_serve_[^ ]+(?:\{.*\})?) ([^ ]+)$", text)}

    def metric(self, name):
        """One of them; 0 when it isn't there yet."""
        return self.metrics().get("cmdai_serve_" + name, 0)

    def wait(self, name, value):
        """Until a metric has a value."""
        kit.wait_for(lambda: self.metric(name) == value, "%s to be %s" % (name, value))

    def wait_idle(self):
        """Until nothing is computed and nothing waits."""
        kit.wait_for(lambda: self.metric("in_flight") + self.metric("queue_depth") == 0, "the server to be idle")

    def is_well(self):
        """It answers, and rightly."""
        need(self.process.poll() is None, "the server ended with %s" % self.process.poll())
        need(self.ask("GET", "/healthz").json()["status"] == "ok", "not well")
        return True

    def end(self, number=signal.SIGTERM, limit=20):
        """Sends a signal and takes its exit status."""
        self.process.send_signal(number)
        return self.ended(limit)

    def ended(self, limit=20):
        """Its exit status; held to what holds for every run."""
        try:
            self.process.wait(limit * kit.Settings.slow)
        except subprocess.TimeoutExpired:
            raise kit.Failure("still running") from None
        self.reader.join(5)
        out = self.process.stdout.read()
        need(out == b"", "stdout is not empty: %r" % out)
        text = b"".join(self.lines)
        need(not any(word in text for word in kit.SANITIZERS), "a sanitizer reports: %s" % text.decode()[:3000])
        return self.process.returncode


def request(method, path, body=None, headers=None, version="1.1"):
    """The bytes of a request; a body that isn't bytes is sent as JSON. None as a header's value leaves it out."""
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    all_headers = {"Host": "localhost", "Connection": "close"}
    if body is not None:
        all_headers.update({"Content-Type": "application/json", "Content-Length": str(len(data))})
    all_headers.update(headers or {})
    head = "%s %s HTTP/%s\r\n" % (method, path, version)
    head += "".join("%s: %s\r\n" % (k, v) for k, v in all_headers.items() if v is not None)
    return head.encode("latin-1") + b"\r\n" + data


def receive(s):
    """All that comes until the connection ends."""
    out = b""
    try:
        while piece := s.recv(65536):
            out += piece
    except OSError:
        pass
    return out


@contextlib.contextmanager
def server(*args, env=None, model=None, status=0):
    """A server that has to end well: with this status after SIGTERM, unless the case ended it."""
    chosen = [] if "-b" in args else ["-m", model] if model else models.trained()
    process = kit.start("serve", "--port", "0", *chosen, *args, env=env)
    try:
        s = Server(process)
        yield s
        if process.poll() is None:
            need(s.end() == status, "status %s after SIGTERM" % process.returncode)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def talker():
    """A model that never stops, and options that let it talk."""
    return ["--ctx", "65536", "--max-tokens", "60000", "--timeout", "600"]


def endless(*args, **options):
    """A server whose answers take minutes."""
    return server(*talker(), *args, model=models.endless(), **options)


class Started:
    """A request whose answer is still to come."""

    def __init__(self, s, text="x", **more):
        self.socket = s.connect()
        body = {"model": "cmdai", "messages": [{"role": "user", "content": text}], **more}
        self.socket.sendall(request("POST", CHAT, body))

    def answer(self):
        """Waits for it."""
        with self.socket:
            return Answer(receive(self.socket))

    def first(self):
        """Some of it."""
        return self.socket.recv(65536)

    def leave(self):
        """Hangs up."""
        self.socket.close()


# --- start ---------------------------------------------------------------------------------------------------------------

@case("serve: says where it listens, is well, and ends with status 0 on {0}", ["SIGTERM", "SIGINT"])
def _(name):
    with server() as s:
        a = s.ask("GET", "/healthz")
        need(a.status == 200 and a.json()["status"] == "ok", a.body)
        need(s.ask("GET", "/").status == 200, "no front page")
        need(s.end(getattr(signal, name)) == 0, "status %s" % s.process.returncode)


@case("serve: an address beyond this machine needs a token ({0})", ["0.0.0.0", "::"])
def _(host):
    run("serve", "--port", "0", "--host", host, *models.trained()).fails(2, "token", "others could connect")


@case("serve: a port that is taken is status 3")
def _():
    with server() as s:
        run("serve", "--port", str(s.port), *models.trained()).fails(3, "taken", str(s.port))


@case("serve: options that make no sense: {0}", [
    ("--host no.such.host.invalid", "no.such.host.invalid"), ("--body-limit 1", "--body-limit"), ("--body-limit x", "--body-limit"),
    ("--port 65536", "--port"), ("--batch 0", "--batch"), ("--token-file /nonexistent", "--token-file"), ("--idle 0", "--idle"),
    ("words", "cmdai ask serve")])
def _(words, says):
    run("serve", "--port", "0", *models.trained(), *words.split()).fails(2, says)


@case("serve: a token file that is {0} is refused", [("empty", b""), ("blank", b" \n"), ("of two words", b"a b\n"), ("binary", b"\xff\n")])
def _(_name, data):
    run("serve", "--port", "0", "--token-file", kit.file_with(data), *models.trained()).fails(2, "token")


@case("serve: listens at ::1 and calls itself so")
def _():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as e:
        raise kit.Skip("this machine has no ::1") from e
    with server("--host", "::1") as s:
        need(s.host == "::1" and s.ask("GET", "/healthz", headers={"Host": "[::1]:%d" % s.port}).status == 200, "no ::1")


@case("serve: host and port come from the environment")
def _():
    with server(env={"CMDAI_SERVE_HOST": "127.0.0.2"}) as s:
        need(s.host == "127.0.0.2", s.host)
        need(s.ask("GET", "/", headers={"Host": "127.0.0.2"}).status == 200, "its own name")
        need(s.ask("GET", "/", headers={"Host": "127.0.0.3"}).status == 403, "another name")


# --- who may ask -----------------------------------------------------------------------------------------------------------

@case("serve: Host {0!r} gets {1}", [
    ("localhost", 200), ("127.0.0.1", 200), ("LOCALHOST:1", 200), ("[::1]:80", 200), ("evil.example", 403), ("127.0.0.1.evil.example", 403),
    ("localhost:http", 403), ("", 403), ("x@localhost", 403)])
def _(host, status):
    with server() as s:
        for path in ("/healthz", "/v1/models", "/"):
            need(s.ask("GET", path, headers={"Host": host}).status == status, path)


@case("serve: a page's Origin: this machine's may ask, others may not, --origin adds some")
def _():
    with server("--origin", "https://a.example", "--origin", "https://b.example:8443") as s:
        for origin, status in (("http://localhost:3000", 200), ("http://127.0.0.1", 200), ("https://a.example", 200),
                               ("https://b.example:8443", 200), ("https://evil.example", 403), ("null", 403), ("https://a.example.evil", 403),
                               ("http://a.example", 403), ("x" * 300, 403)):
            a = s.ask("GET", "/v1/models", headers={"Origin": origin})
            need(a.status == status, "%s: %d" % (origin, a.status))
            need(a.headers.get("access-control-allow-origin") == (origin if status == 200 else None), a.headers)
            before = s.ask("OPTIONS", CHAT, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
            need(before.status == (204 if status == 200 else 403), "preflight of %s: %d" % (origin, before.status))
            if status == 200:
                need("POST" in before.headers["access-control-allow-methods"], before.headers)
                need("authorization" in before.headers["access-control-allow-headers"].lower(), before.headers)
        need("access-control-allow-origin" not in s.ask("GET", "/v1/models").headers, "CORS for nobody")


def private(data):
    """A new file with these bytes that only its owner can read."""
    path = kit.file_with(data)
    os.chmod(path, 0o600)
    return path


@case("serve: a token file that others may read is used with a warning")
def _():
    path = private(b"secret-word\n")
    wrong = ["serve", "--body-limit", "1", "--token-file", path, *models.trained()]  # so that it doesn't stay
    need(b"others may read" not in run(*wrong).fails(2, "--body-limit").err, "a warning about a private one")
    os.chmod(path, 0o644)
    r = run(*wrong).has_status(2).says("others may read the key", "chmod 600")
    need(b"secret-word" not in r.err, r.err)


@case("serve: a token from {0} is asked of everything but /healthz", ["a file", "the environment"])
def _(where):
    token = "tok-123_abc.XYZ~"
    args = ["--token-file", private(token.encode() + b"\nsecond line\n")] if where == "a file" else []
    env = {"CMDAI_SERVE_TOKEN": token} if where != "a file" else {}
    with server(*args, "--host", "0.0.0.0", env=env) as s:
        s.host = "127.0.0.1"
        good = {"Authorization": "Bearer " + token}
        need(s.ask("GET", "/healthz").status == 200, "healthz")
        for path in ("/", "/metrics", "/v1/models", "/api/tags", "/nothing"):
            a = s.ask("GET", path)
            need(a.status == 401 and a.headers["www-authenticate"].startswith("Bearer"), "%s: %d" % (path, a.status))
        for bad in ("Bearer " + token[:-1], "Bearer " + token + "x", "Bearer", token, "Basic " + token, "Bearer " + token.upper()):
            need(s.ask("GET", "/v1/models", headers={"Authorization": bad}).status == 401, bad)
        need(s.ask("GET", "/v1/models", headers=good).status == 200, "with the token")
        need(s.ask("GET", "/v1/models", headers={**good, "Host": "box.example"}).status == 200, "by another name of the machine")
        body = {"model": "cmdai", "messages": [{"role": "user", "content": "list files"}]}
        need(s.ask("POST", CHAT, body).status == 401, "chat without it")
        need(s.ask("POST", CHAT, body, good).status == 200, "chat with it")
        with open("/proc/%d/cmdline" % s.process.pid, "rb") as f:
            need(token.encode() not in f.read(), "the token is in the process list")


# --- what may be asked -----------------------------------------------------------------------------------------------------

@case("serve: methods and paths that are not there: 404, 405 with Allow, in the interface's own form")
def _():
    with server() as s:
        for method, path, status, allow in (
                ("GET", "/nothing", 404, None), ("POST", "/v1/nothing", 404, None), ("GET", CHAT, 405, "POST"), ("DELETE", "/api/tags", 405, "GET"),
                ("POST", "/healthz", 405, "GET"), ("PUT", "/", 405, "GET"), ("BREW", "/metrics", 405, "GET"), ("GET", "/healthz%00x", 404, None),
                ("GET", "//healthz", 404, None), ("GET", "/healthz/", 404, None), ("OPTIONS", CHAT, 405, "POST")):
            a = s.ask(method, path)
            need(a.status == status and (allow is None or allow in a.headers["allow"].split(", ")), "%s %s: %d %s" % (method, path, a.status, a.headers))
            need("error" in a.json(), a.body)
        need(isinstance(s.ask("GET", CHAT).json()["error"], dict), "OpenAI's form")
        need(isinstance(s.ask("GET", "/api/chat").json()["error"], str), "Ollama's form")


@case("serve: HEAD is GET without a body")
def _():
    with server() as s:
        for path in ("/", "/healthz", "/v1/models", "/api/tags"):
            head, get = s.ask("HEAD", path), s.ask("GET", path)
            need(head.status == 200 and head.body == b"" and head.headers["content-type"] == get.headers["content-type"], path)
        need(s.ask("HEAD", CHAT).status == 405, "HEAD of a POST")


@case("serve: a body longer than --body-limit is 413, however it comes")
def _():
    with server("--body-limit", "2000") as s:
        long = {"model": "cmdai", "messages": [{"role": "user", "content": "x" * 2000}]}
        data = json.dumps(long).encode()
        need(s.ask("POST", CHAT, long).status == 413, "with Content-Length")
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(data[i:i + 500]), data[i:i + 500]) for i in range(0, len(data), 500)) + b"0\r\n\r\n"
        need(s.ask("POST", CHAT, chunks, {"Content-Length": None, "Transfer-Encoding": "chunked"}).status == 413, "chunked")
        a = s.ask("POST", CHAT, b"", {"Content-Length": "100000", "Expect": "100-continue"})
        need(a.status == 413, "announced only: %d" % a.status)
        a = s.ask("POST", CHAT, b"x" * 1000, {"Content-Length": str(10 ** 12)})
        need(a.status == 413, "announced a terabyte: %d" % a.status)
        need(s.chat("list files").status == 200, "a short one")
        with s.connect() as c:  # more than anybody has to read politely
            c.sendall(request("POST", CHAT, b"", {"Content-Length": None, "Transfer-Encoding": "chunked"}))
            with contextlib.suppress(OSError):
                for _ in range(600):
                    c.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                need(False, "40 MB were read")
        s.is_well()


@case("serve: chunked bodies and Expect: 100-continue are fine")
def _():
    with server() as s:
        data = json.dumps({"model": "cmdai", "messages": [{"role": "user", "content": "list files"}]}).encode()
        chunks = b"".join(b"1;ext=1\r\n%c\r\n" % byte for byte in data) + b"0\r\nTrailer: x\r\n\r\n"
        chunked = {"Content-Length": None, "Transfer-Encoding": "chunked"}
        need(s.ask("POST", CHAT, chunks, chunked).status == 200, "chunked")
        with s.connect() as c:
            c.sendall(request("POST", CHAT, b"", {"Content-Length": str(len(data)), "Expect": "100-continue"}))
            go = c.recv(100)
            need(go.startswith(b"HTTP/1.1 100 "), go)
            c.sendall(data)
            need(Answer(receive(c)).status == 200, "after the go-ahead")


@case("serve: Content-Type {0!r} gets {1}", [
    ("application/json", 200), ("application/json; charset=utf-8", 200), (None, 200), ("text/plain", 415), ("multipart/form-data; boundary=x", 415),
    ("application/x-www-form-urlencoded", 200)])
def _(kind, status):
    with server() as s:
        body = {"model": "cmdai", "messages": [{"role": "user", "content": "list files"}]}
        a = s.ask("POST", CHAT, body, {"Content-Type": kind})
        need(a.status == status, "%d %s" % (a.status, a.body))
        if kind and "urlencoded" in kind:
            a = s.ask("POST", CHAT, body, {"Content-Type": kind, "Origin": "http://localhost"})
            need(a.status == 415, "a form of a browser: %d" % a.status)


FRAMING = [("two hosts", {"Host": "localhost\r\nHost: localhost"}), ("two origins", {"Origin": "https://evil.example\r\nOrigin: http://localhost"}),
           ("two lengths", {"Content-Length": "2\r\nContent-Length: 2"}),
           ("two different lengths", {"Content-Length": "2\r\nContent-Length: 200"}),
           ("a length and chunks", {"Content-Length": "2", "Transfer-Encoding": "chunked"}), ("no host", {"Host": None}),
           ("a coding that isn't known", {"Content-Length": None, "Transfer-Encoding": "gzip"}), ("a negative length", {"Content-Length": "-2"}),
           ("a length that is no number", {"Content-Length": "2x"}), ("a length of a hundred digits", {"Content-Length": "9" * 100}),
           *(("a length of %d" % n, {"Content-Length": str(n)}) for n in (2 ** 64 - 2, 2 ** 64 - 1, 2 ** 64))]


@case("serve: framing that two readers could read in two ways is refused and ends the connection: {0}", FRAMING)
def _(_name, headers):
    with server() as s:
        smuggled = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"
        data = request("POST", CHAT, b"{}", {"Connection": "keep-alive", **headers}) + smuggled
        raw = s.raw(data)
        need(b'"object":"list"' not in raw, "the smuggled one was answered: %r" % raw[:400])
        need(re.match(rb"HTTP/1.1 (400|413|501) ", raw), raw[:200])
        s.is_well()


@case("serve: first lines are limited: {0}", ["one long header", "many headers", "a long path", "a first line without an end"])
def _(what):
    with server() as s:
        if what == "one long header":
            data = request("GET", "/healthz", headers={"X-Long": "x" * 100000})
        elif what == "many headers":
            data = request("GET", "/healthz", headers={"X-%d" % i: "y" * 20 for i in range(5000)})
        elif what == "a long path":
            data = request("GET", "/" + "p" * 100000)
        else:
            data = b"G" * 200000
        raw = s.raw(data)
        need(not raw or Answer(raw).status in (400, 404, 413, 414, 431), raw[:100])
        s.is_well()


@case("serve: connections stay open, and pipelined requests are answered in order")
def _():
    with server() as s, s.connect() as c:
        keep = {"Connection": None}
        bodies = [{"model": "cmdai", "messages": [{"role": "user", "content": t}]} for t in ("list files", "show the date")]
        data = b"".join(request("POST", CHAT, b, keep) for b in bodies) + request("GET", "/healthz", headers=keep)
        c.sendall(data + request("GET", "/v1/models"))
        parts = receive(c).split(b"HTTP/1.1 200 OK")
        need(len(parts) == 5 and b'"chat.completion"' in parts[1] and b'"chat.completion"' in parts[2], [p[:50] for p in parts])
        need(b'"ok"' in parts[3] and b'"list"' in parts[4], "another order")
        alone = [s.chat(t).json()["choices"][0]["message"]["content"] for t in ("list files", "show the date")]
        need([json.loads(p.partition(b"\r\n\r\n")[2])["choices"][0]["message"]["content"] for p in parts[1:3]] == alone, "mixed up")


@case("serve: HTTP/1.0 gets whole answers and streams without chunks")
def _():
    with server() as s:
        raw = s.raw(request("POST", CHAT, {"model": "cmdai", "stream": True, "messages": [{"role": "user", "content": "list files"}]}, version="1.0"))
        need(b"chunked" not in raw.partition(b"\r\n\r\n")[0] and raw.endswith(b"data: [DONE]\n\n"), raw)
        need(s.ask("GET", "/healthz", headers={"Host": None}, version="1.0").status == 200, "without a host")


# --- slow ones ---------------------------------------------------------------------------------------------------------------

@case("serve: connections that bring no whole request in time are ended: {0}", ["silence", "drips of a head", "drips of a body", "idle after an answer"])
def _(what):
    with server("--idle", "1") as s, s.connect() as c:
        begun = time.monotonic()
        if what == "idle after an answer":
            c.sendall(request("GET", "/healthz", headers={"Connection": None}))
            need(c.recv(1000).startswith(b"HTTP/1.1 200"), "no answer")
        if what == "drips of a body":
            c.sendall(request("POST", CHAT, b"", {"Content-Length": "1000"}))
        if what == "drips of a head":
            c.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        c.settimeout(0.1)
        ended = False
        while not ended and time.monotonic() - begun < 6 * kit.Settings.slow:
            with contextlib.suppress(TimeoutError):
                try:
                    if "drips" in what:
                        c.send(b"x")
                    ended = c.recv(1000) == b""
                except ConnectionError:
                    ended = True
        need(ended and time.monotonic() - begun > 0.8, "after %.1f s: %s" % (time.monotonic() - begun, ended))
        s.is_well()


@case("serve: clients that leave in the middle of {0} don't keep their connections", ["nothing", "a head", "a body", "garbage"])
def _(what):
    data = {"nothing": b"", "a head": b"POST /v1", "a body": request("POST", CHAT, b"{", {"Content-Length": "1000"}), "garbage": b"\0" * 100}[what]
    with server("--idle", "600") as s:
        for _ in range(50):
            with s.connect() as c:
                c.sendall(data)
        kit.wait_for(lambda: s.metric("connections") <= 2, "the connections to end")


@case("serve: more connections than there may be wait, and are served when others end")
def _():
    with server("--idle", "2") as s:
        with contextlib.ExitStack() as stack:
            idle = [stack.enter_context(s.connect()) for _ in range(520)]
            need(len(idle) == 520, "not opened")
            need(s.ask("GET", "/healthz", timeout=30).status == 200, "never served")


@case("serve: a client that doesn't read its stream is cancelled, and the others go on")
def _():
    with server(*talker(), "--batch", "9", model=models.endless(layers=1)) as s:
        c = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.connect((s.host, s.port))
        with c:
            body = {"model": "cmdai", "stream": True, "n": 8, "temperature": 1, "messages": [{"role": "user", "content": "x"}]}
            c.sendall(request("POST", CHAT, body))
            other = Started(s, max_tokens=500)
            kit.wait_for(lambda: s.metric('cancelled_total{reason="slow_reader"}') == 1, "the slow reader to be cancelled", 30)
            need(other.answer().status == 200, "another one")


@case("serve: clients that leave at any moment take nothing with them")
def _():
    def leave_often(seed):
        draw = random.Random(seed)
        for i in range(40):
            one = Started(s, text="list %d" % i, stream=bool(i % 2), max_tokens=200, temperature=1.5, seed=i)
            time.sleep(draw.random() / 10)
            one.leave()
    with server("--batch", "8") as s:
        threads = [threading.Thread(target=leave_often, args=(seed,)) for seed in range(16)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        s.wait_idle()
        need(s.chat("x", max_tokens=2).status == 200, "after that")
        need(s.end() == 0, s.lines)  # a sanitizer has its say in the status


# --- the queue ---------------------------------------------------------------------------------------------------------------

@case("serve: a full queue is 503 with Retry-After, and empties again")
def _():
    with endless("--batch", "1", "--queue", "2") as s:
        running = Started(s)
        s.wait("in_flight", 1)
        waiting = [Started(s) for _ in range(2)]
        s.wait("queue_depth", 2)
        for stream in (False, True):
            a = s.chat("x", stream=stream)
            need(a.status == 503 and int(a.headers["retry-after"]) > 0 and "busy" in a.json()["error"]["message"], a.body)
        need(s.is_well(), "health")
        for one in [running, *waiting]:
            one.leave()
        s.wait_idle()
        need(s.chat("x", max_tokens=2).status == 200, "after that")
        need(s.metric('requests_total{api="%s",status="503"}' % CHAT) == 2, s.metrics())


@case("serve: the deadline counts from the beginning: 504 while waiting, 504 while running, an error in a stream")
def _():
    with endless("--batch", "1", "--timeout", "2") as s:
        begun = time.monotonic()
        running, waiting, stream = Started(s), Started(s), None
        for one in (running, waiting):
            a = one.answer()
            need(a.status == 504 and "message" in a.json()["error"], a.body)
        need(1.8 < time.monotonic() - begun < 3 * kit.Settings.slow, "after %.1f s" % (time.monotonic() - begun))
        stream = s.chat("x", stream=True)
        last = [json.loads(e[6:]) for e in stream.body.decode().split("\n\n") if e.startswith("data: {")][-1]
        need(stream.status == 200 and "error" in last and b"[DONE]" not in stream.body, stream.body[-300:])
        need(s.metric('cancelled_total{reason="deadline"}') == 3, s.metrics())


@case("serve: a client that hangs up {0} is noticed, and its place is free", [
    ("while its answer is computed",), ("while its stream runs",), ("while it waits",)])
def _(when):
    with endless("--batch", "1") as s:
        running = Started(s, stream="stream" in when)
        s.wait("in_flight", 1)
        if "stream" in when:
            need(b"200 OK" in running.first(), "no stream")
        if when == "while it waits":
            waiting = Started(s)
            s.wait("queue_depth", 1)
            waiting.leave()
            s.wait("queue_depth", 0)
            need(s.metric("in_flight") == 1, "the other one was hit")
        running.leave()
        s.wait("in_flight", 0)
        left = 2 if when == "while it waits" else 1
        kit.wait_for(lambda: s.metric('cancelled_total{reason="client"}') == left, "the count")
        need(s.chat("x", max_tokens=2).status == 200, "the next one")


@case("serve: first come, first served; none starves")
def _():
    with endless("--batch", "2", "--queue", "64") as s:
        done = []

        def client(i):
            a = s.chat("x", max_tokens=30)
            done.append((i, a.status))
        block = [Started(s) for _ in range(2)]
        s.wait("in_flight", 2)
        threads = []
        for i in range(8):
            threads.append(threading.Thread(target=client, args=(i,)))
            threads[-1].start()
            s.wait("queue_depth", i + 1)
        for one in block:
            one.leave()
        for t in threads:
            t.join()
        need(all(status == 200 for _, status in done), done)
        order = [i for i, _ in done]
        need(all(abs(i - at) <= 2 for at, i in enumerate(order)), "another order: %s" % order)


# --- many at once --------------------------------------------------------------------------------------------------------------

PROMPTS = ["list files", "list files by size", "show disk usage of this folder", "find files larger than 1GB", "count the lines of main.c",
           "what uses port 8080", "show the date", "who is logged in", "compress the folder src", "find all python files", "show the last 20 lines of app.log",
           "delete empty folders", "kernel version", "sort names.txt", "replace foo with bar in a.txt", "show running processes"]


def one_answer(s, i, stream):
    """Text and log-probability of an answer."""
    a = s.chat(PROMPTS[i], stream=stream, temperature=0)
    need(a.status == 200 and a.whole, "%d %s" % (a.status, a.body))
    if not stream:
        choice = a.json()["choices"][0]
        return choice["message"]["content"], choice.get("cmdai", {}).get("logprob")
    events = [json.loads(e[6:]) for e in a.body.decode().split("\n\n") if e.startswith("data: {")]
    need(a.body.endswith(b"data: [DONE]\n\n"), a.body[-100:])
    choices = [c for e in events for c in e["choices"]]
    return "".join(c["delta"].get("content", "") for c in choices), choices[-1].get("cmdai", {}).get("logprob")


@case("serve: sixteen clients at once get, bit for bit, what each gets alone")
def _():
    with server("--batch", "1") as s:
        alone = [one_answer(s, i, False) for i in range(16)]
    need(len({text for text, _ in alone}) > 8 and all(isinstance(p, float) for _, p in alone), alone)
    with server("--batch", "16") as s:
        wrong = []

        def client(i):
            for n in range(4):
                got = one_answer(s, (i + n) % 16, (i + n) % 2 == 1)
                if got != alone[(i + n) % 16]:
                    wrong.append((i, n, got, alone[(i + n) % 16]))
        threads = [threading.Thread(target=client, args=(i,)) for i in range(16)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        need(not wrong, wrong[:2])
        m = s.metrics()
        need(m["cmdai_serve_duration_seconds_count"] == 64 and m["cmdai_serve_tokens_cached_total"] > 0, m)


@case("serve: what a connection asked before is not computed again")
def _():
    with server() as s:
        s.chat("find all python files")
        before = s.metrics()
        s.chat("find all python files")
        after = s.metrics()
        new = {k: after["cmdai_serve_tokens_%s_total" % k] - before["cmdai_serve_tokens_%s_total" % k] for k in ("prompt", "cached")}
        need(new["prompt"] > 4 and new["cached"] >= new["prompt"] - 1, new)  # the last token gives the first logits


# --- behind another server ---------------------------------------------------------------------------------------------------------

@case("serve: another server behind it ({0}): the same text, and its work ends when the client leaves", ["ollama", "vllm"])
def _(backend):
    with server() as behind:
        alone = one_answer(behind, 1, False)[0]
        with server("-b", backend, "--ollama-url", "http://127.0.0.1:%d" % behind.port, "--vllm-url", "http://127.0.0.1:%d/v1" % behind.port) as s:
            need([one_answer(s, 1, stream)[0] for stream in (False, True)] == [alone, alone], "another text")
            need(s.chat("x", logprobs=True).status == 501, "probabilities of another server's tokens")
        with server("-b", backend + ",cpu", "--ollama-url", "http://127.0.0.1:%d" % behind.port, "--vllm-url", "http://127.0.0.1:%d/v1" % behind.port) as s:
            need(s.chat("x", logprobs=True).json()["choices"][0]["logprobs"]["content"], "the next one wasn't asked")
    with endless() as behind:
        with server("-b", backend, "--ollama-url", "http://127.0.0.1:%d" % behind.port, "--vllm-url", "http://127.0.0.1:%d/v1" % behind.port) as s:
            for stream in (False, True):
                one = Started(s, stream=stream, max_tokens=60000)
                behind.wait("in_flight", 1)
                one.leave()
                behind.wait_idle()
                s.wait_idle()


# --- metrics -----------------------------------------------------------------------------------------------------------------------

@case("serve: /metrics is what Prometheus reads, and counts right")
def _():
    with server() as s:
        for i in range(3):
            need(s.chat(PROMPTS[i]).status == 200, "chat")
        s.ask("GET", "/api/tags")
        s.ask("POST", CHAT, {"model": "no-such-model", "messages": []})
        text = s.ask("GET", "/metrics").body
        checked = subprocess.run([kit.command("promtool"), "check", "metrics"], input=text, capture_output=True, check=False)
        need(checked.returncode == 0, checked.stderr + checked.stdout)
        m = s.metrics()
        need(m['cmdai_serve_requests_total{api="%s",status="200"}' % CHAT] == 3, m)
        need(m['cmdai_serve_requests_total{api="/api/tags",status="200"}'] == 1, m)
        need(m["cmdai_serve_ttft_seconds_count"] == m["cmdai_serve_queue_seconds_count"] == 3 and m["cmdai_serve_tokens_output_total"] > 5, m)
        need(0 < m["cmdai_serve_ttft_seconds_sum"] <= m["cmdai_serve_duration_seconds_sum"], m)


# --- the end -------------------------------------------------------------------------------------------------------------------------

@case("serve: after SIGTERM what runs is finished, what comes is refused, /healthz says so, and the status is 0")
def _():
    tokens = 4000 if kit.Settings.slow <= 2 else 400  # under a sanitizer they take as long
    with server(*talker(), "--batch", "1", "--drain", "600", model=models.endless(layers=4)) as s:
        running, waiting = Started(s, max_tokens=tokens), Started(s, max_tokens=5, stream=True)
        s.wait("in_flight", 1)
        s.wait("queue_depth", 1)
        s.process.send_signal(signal.SIGTERM)
        kit.wait_for(lambda: s.ask("GET", "/healthz").status == 503, "draining")
        need(s.ask("GET", "/healthz").json()["status"] == "draining", "another status")
        need(s.chat("x").status == 503, "a new one was taken")
        a, b = running.answer(), waiting.answer()
        need(a.status == 200 and a.json()["usage"]["completion_tokens"] == tokens, a.body[-200:])
        need(b.status == 200 and b.body.endswith(b"data: [DONE]\n\n"), b.body)
        need(s.ended() == 0, s.process.returncode)


@case("serve: what is not done after --drain is cancelled, and says so")
def _():
    with endless("--batch", "1", "--drain", "1") as s:
        running, waiting = Started(s), Started(s)
        s.wait("queue_depth", 1)
        begun = time.monotonic()
        s.process.send_signal(signal.SIGTERM)
        for one in (running, waiting):
            a = one.answer()
            need(a.status == 503 and "stopping" in a.json()["error"]["message"], a.body)
        need(s.ended() == 0 and 0.9 < time.monotonic() - begun < 5 * kit.Settings.slow, "after %.1f s" % (time.monotonic() - begun))


@case("serve: a second signal ends it at once")
def _():
    with endless("--drain", "600") as s:
        running = Started(s)
        s.wait("in_flight", 1)
        s.process.send_signal(signal.SIGTERM)
        kit.wait_for(lambda: s.ask("GET", "/healthz").status == 503, "draining")
        need(s.end(signal.SIGINT) == 130, s.process.returncode)
        running.leave()


# --- hostile requests --------------------------------------------------------------------------------------------------------------------

def bombs(r):
    """Bodies that hurt careless readers of JSON."""
    deep = r.choice([100, 5000, 200000])
    return r.choice([b"[" * deep, b"[" * deep + b"]" * deep, b'{"a":' * deep, b'{"messages":' + b"[" * deep, b"1" * deep, b"-", b"1e999999", b'"' + b"\\u0000" * 1000 + b'"',
                     b'{"model":"cmdai","messages":[' + b'{"role":"user","content":"x"},' * 3000 + b"]}", b'{"a":1,"a":2}', b"\xef\xbb\xbf{}", b"nul", b"{}{}",
                     b'{"model":' + b"[]," * 50 + b"}", b'{"model":"cmdai","messages":[{"role":"user","content":"\xff\xfe"}]}', b"[" + b"1," * 30000 + b"1]",
                     b'{"model":"cmdai","messages":[{"role":"user","content":"\\ud800"}]}', b'{"model":"cmdai","prompt":null,"messages":null}', b"\0" * 100])


def twisted(r, value, depth=0):
    """A document like a right one, with some values of other kinds."""
    if r.random() < 0.15 or depth > 6:
        return r.choice([None, True, -1, 2 ** 63, 1e308, "", "\u0000", "\u202e", [], {}, "x" * r.choice([1, 100, 10000]), [[]], {"": {}}, 0.5])
    if isinstance(value, dict):
        out = {k: twisted(r, v, depth + 1) for k, v in value.items() if r.random() > 0.1}
        return {**out, "k%d" % r.randrange(5): 1} if r.random() < 0.2 else out
    if isinstance(value, list):
        return [twisted(r, v, depth + 1) for v in value] * r.choice([1, 1, 1, 0, 3])
    return value


RIGHT = {"model": "cmdai", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "list files"}], "max_tokens": 3, "temperature": 0,
         "stop": ["x"], "stream": False, "n": 1, "prompt": "list", "options": {"num_predict": 2, "seed": 1, "stop": ["y"]}, "request": "list files", "candidates": 1}
PATHS = [CHAT, "/v1/completions", "/api/chat", "/api/generate", "/api/show", "/v1/cmdai/ask", "/api/tags", "/v1/models", "/v1/models/x", "/metrics", "/healthz", "/"]


def garbage(r):
    """Bytes that are no HTTP."""
    return r.choice([r.randbytes(r.randrange(1, 2000)), b"\0" * r.randrange(1, 3000), b"\r\n" * r.randrange(1, 300), b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + r.randbytes(200), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\nHost: localhost\n\n",
                     b"POST " + CHAT.encode() + b" HTTP/1.1\r\nHost : localhost\r\n\r\n", b" GET / HTTP/1.1\r\n\r\n", b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: localhost\r\nX\0Y: \0\r\nConnection: close\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n"])


def half(r):
    """A right request that ends somewhere."""
    data = request("POST", r.choice(PATHS), RIGHT)
    return data[:r.randrange(1, len(data))]


def chunks(r):
    """Chunked nonsense."""
    body = r.choice([b"zz\r\nabc\r\n", b"-1\r\nabc\r\n", b"ffffffffffffffff\r\nabc", b"5\r\nab", b"0\r\n", b"0\r\n\r\n", b"3\r\nabcdef\r\n0\r\n\r\n", b"\r\n\r\n",
                     b"10000000000000000\r\nx", b"0x5\r\nabcde\r\n0\r\n\r\n", b"5;" + b"e" * 5000 + b"\r\nabcde\r\n0\r\n\r\n", b"1\r\n{\r\n" * 200])
    return request("POST", r.choice(PATHS), body, {"Content-Length": None, "Transfer-Encoding": "chunked"})


def lengths(r):
    """Bodies that are longer or shorter than they say."""
    return request("POST", r.choice(PATHS), json.dumps(RIGHT).encode(),
                   {"Content-Length": r.choice(["0", "1", "99999", "-5", "", "x", "1 1", "+5", "0x10", "18446744073709551616", "4294967297", str(10 ** 9)])})


def headers(r):
    """Headers that are long, many, odd or of another time."""
    name = r.choice(["X", "Cookie", "Range", "Upgrade", "Expect", "Authorization", "Accept-Encoding", "Content-Encoding", "Connection", "Host", "Origin", "TE"])
    value = r.choice(["x" * r.choice([10, 10000, 50000]), "websocket", "bytes=0-99999999999", "\x01\x02", "a=b; " * 500, "gzip", "\xff\xfe", "close, close", "100-continue"])
    return request(r.choice(["GET", "POST", "PUT", "TRACE", "CONNECT", "X" * 100]), r.choice(PATHS), r.choice([None, RIGHT]), {name: value})


def pipelines(r):
    """Many at once, some broken, on one connection."""
    return b"".join(r.choice([request("GET", p, headers={"Connection": None}), request("POST", p, twisted(r, RIGHT), {"Connection": None}), garbage(r)])
                    for p in r.choices(PATHS, k=r.randrange(2, 12)))


def hostile(r):
    """One hostile request."""
    kind = r.randrange(9)
    if kind < 2:
        return request("POST", r.choice(PATHS), twisted(r, RIGHT))
    if kind == 2:
        return request("POST", r.choice(PATHS), bombs(r))
    return [garbage, half, chunks, lengths, headers, pipelines][kind - 3](r)


def send_hostile(s, r):
    """Sends it in one piece or several, waits for an answer or not; all that comes back is HTTP."""
    data = hostile(r)
    with s.connect() as c:
        try:
            cut = r.randrange(len(data)) if r.random() < 0.3 else 0
            for piece in (data[:cut], data[cut:]):
                c.sendall(piece)
            if r.random() < 0.5:
                with contextlib.suppress(OSError):
                    c.shutdown(socket.SHUT_WR)
            c.settimeout(r.choice([0.02, 0.2, 1.0]))
            raw = receive(c) if r.random() < 0.8 else b""
        except OSError:
            return
    need(not raw or raw.startswith(b"HTTP/1."), "no HTTP: %r after %r" % (raw[:100], data[:200]))


@case("serve: %d hostile requests, and it is alive and right afterwards" % HOSTILE)
def _():
    with server("--batch", "4", "--queue", "8", "--timeout", "10", "--max-tokens", "8") as s:
        alone = one_answer(s, 0, False)
        failures, threads = [], []

        def attacker(seed):
            r = random.Random(seed)
            try:
                for i in range(HOSTILE // 8):
                    send_hostile(s, r)
                    if i % 100 == 99:
                        s.is_well()
            except Exception as e:
                failures.append("attacker %d: %s" % (seed, e))
        for seed in range(8):
            threads.append(threading.Thread(target=attacker, args=(seed,)))
            threads[-1].start()
        for t in threads:
            t.join()
        need(not failures, failures)
        s.wait_idle()
        need(s.is_well() and one_answer(s, 0, False) == alone and one_answer(s, 0, True) == alone, "another answer")
        kit.wait_for(lambda: s.metric("connections") <= 2, "connections to end", 60)
        need(s.metric("resident_memory_bytes") < (2 << 30 if kit.Settings.slow > 2 else 200 << 20), "memory: %s" % s.metric("resident_memory_bytes"))
