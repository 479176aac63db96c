"""Answers from Ollama, from a server with OpenAI's interface and from the own engine: one contract for all, every way in
which a server can fail, and what stands behind it then. The servers are tests/fake/server.py, byte by byte."""
import gzip
import os
import re
import signal
import socket
import sys
import time

import kit
import models
import runner
from kit import case, need, run
from schema import Schema

sys.path.append(os.path.join(kit.ROOT, "tests", "fake"))
from server import Ollama, OpenAI, Server  # noqa: E402

ANSWER = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.answer.1.json"))
KEY = "sk-Very.Secret_0123456789+abc/def=="
KINDS = {"ollama": Ollama, "vllm": OpenAI}
UNICODE = "echo 'gr\u00fc\u00dfe \u65e5\u672c \U0001f642'"
LONG = "echo " + "x" * 1000


# --- asking ------------------------------------------------------------------------------------------------------------------

def place(app, server):
    """Options that say where a server of this kind is."""
    url = server.url if isinstance(server, Server) else server
    return [app.flag, url + ("/v1" if app.name == "vllm" else "")]


def ask(app, server, *args, words=("list", "files"), env=None, **options):
    """The program, with this server as its backend and a key; the key must stay between the two."""
    env = {"CMDAI_OLLAMA_KEY": KEY, "CMDAI_VLLM_KEY": KEY, **(env or {})}
    r = run("-b", app.name, *place(app, server), *args, *words, env=env, **options)
    for part in (KEY, KEY[:12], KEY[-12:]):
        r.need(part.encode() not in r.out + r.err, "the key is in the output")
    if isinstance(server, Server):
        for request in server.requests:
            r.need(request.headers.get("authorization") == "Bearer " + KEY, "the key was not sent")
            r.need(request.headers.get("accept-encoding"), "no packed answer is asked for")
    return r


def document(r):
    """The answer's JSON, held to its schema."""
    d = r.json()
    ANSWER.check(d)
    return d


def answered(r, command, backend):
    """It is this command, of this backend."""
    d = document(r.has_status(0))
    r.need(d["command"] == command and d["backend"] == backend, "not %r of %s" % (command, backend))
    return d


def failed(r, status, *words):
    """The documented status, one clear line, a document that says the same, and no command."""
    r.has_status(status).one_line(*words)
    d = document(r)
    r.need(d["command"] is None and d["candidates"] == [], "there is a command")
    r.need(d["error"] and "cmdai: %s\n" % d["error"] == r.err.decode(), "the document says something else")
    return d


def options(request):
    """Of generation, wherever they stand."""
    return {**request.json, **request.json.get("options", {})}


# --- one contract ------------------------------------------------------------------------------------------------------------

SAYS = {"alpha": "ls -l", "umlaut": UNICODE, "golf": "rm -rf /", "long": LONG, "delta": "# cannot: no task for a shell"}


def of_words(request):
    """What a fake model says to a request."""
    seed = options(request).get("seed", 0)
    for word, text in SAYS.items():
        if word in request.text():
            return text
    if "coin" in request.text():
        return ["id -u", "id -g"][seed % 2]
    return "true"


class Own:
    """The own engine as a row of the contract."""
    name = "cpu"

    def ask(self, *args, words, gguf=None, **more):
        return run("-b", "cpu", "-m", gguf or runner.once("contract", self._model), "-o", "json", *args, *words, **more)

    @staticmethod
    def _model():
        hears = {word: [(text, 1.0)] for word, text in SAYS.items()}
        return models.listener({**hears, "coin": [("id -u", .5), ("id -g", .5)]})

    def slow(self, *args, then=None):
        """A question that takes for ever; `then` is done with the running program."""
        gguf = runner.once("contract slow", lambda: models.endless(layers=24, ctx=1 << 20))
        return wait_on(kit.start("-b", "cpu", "-m", gguf, "-o", "json", "--max-tokens", "60000", *args, "alpha"), then)

    def empty(self):
        return self.ask(words=["alpha"], gguf=models.script({models.START: [(models.END, 1.0)]}))

    def cut(self):
        return self.ask("--max-tokens", "7", words=["alpha"], gguf=models.endless())


class Far:
    """A server as a row of the contract."""

    def __init__(self, kind):
        self.kind, self.name = kind, kind.name

    def ask(self, *args, words, app=None, **more):
        with Server(app or self.kind(of_words)) as server:
            return ask(self.kind, server, "-o", "json", *args, words=words, **more)

    def slow(self, *args, then=None):
        app = self.kind(chat=lambda request, wire: wire.hang())
        with Server(app) as server:
            process = kit.start("-b", self.name, *place(app, server), "-o", "json", *args, "alpha")
            if then:
                kit.wait_for(lambda: server.asked(app.path), "the question")
            r = wait_on(process, then)
            kit.wait_for(lambda: server.open == 0, "the end of the connection")
            return r

    def empty(self):
        return self.ask(words=["alpha"], app=self.kind(""))

    def cut(self):
        more = {"done_reason": "length"} if self.kind is Ollama else {"finish": "length"}
        return self.ask("--max-tokens", "7", words=["alpha"], app=self.kind("rm -rf /tmp/x", **more))


def wait_on(process, then):
    """The result of a started program, with what is done to it on the way."""
    if then:
        time.sleep(0.3)
        then(process)
    return kit.finish(process)


ROWS = [Own(), Far(Ollama), Far(OpenAI)]


def contract(text):
    """A case for each backend; the name ends with the backend's."""
    def add(function):
        for row in ROWS:
            kit.CASES.append(("contract, %s: %s" % (row.name, text), function, (row,)))
        return function
    return add


@contract("an answer, its model, its tokens and its times")
def _(b):
    d = answered(b.ask(words=["alpha"]), "ls -l", b.name)
    need(d["model"]["id"] and d["fallback"] == [] and d["tokens"]["output"] > 0 and d["timing_ms"]["total"] > 0, d)


@contract("candidates: different ones, the first is the command")
def _(b):
    d = document(b.ask("-n", "6", "--temperature", "1", words=["coin"]).has_status(0))
    need({c["command"] for c in d["candidates"]} == {"id -u", "id -g"} and d["command"] == d["candidates"][0]["command"], d)


@contract("text beyond ASCII comes as it is")
def _(b):
    answered(b.ask(words=["umlaut"]), UNICODE, b.name)


@contract("a long answer comes whole")
def _(b):
    d = document(b.ask(words=["long"]).has_status(0))
    need(d["command"] == LONG, "%d bytes" % len(d["command"]))


@contract("a model that declines is status 5")
def _(b):
    d = document(b.ask(words=["delta"]).has_status(5))
    need(d["refused"] and d["backend"] == b.name and d["command"] is None, d)


@contract("every command is judged here: what is blocked is status 6")
def _(b):
    d = document(b.ask(words=["golf"]).has_status(6))
    need(d["decision"] == "block" and d["risk"] == "critical", d)


@contract("a reply that was cut off is no command: status 5, with how many tokens")
def _(b):
    failed(b.cut(), 5, "cut off after 7 tokens")


@contract("an empty reply is an error and no command")
def _(b):
    failed(b.empty(), 5 if b.name == "cpu" else 3, "empty" if b.name != "cpu" else "reply")


@contract("no answer in time is status 8")
def _(b):
    r = b.slow("--timeout", "1")
    failed(r, 8)
    r.need(r.seconds < 5 * kit.Settings.slow, "it took too long")


@contract("Ctrl-C is status 130, at once")
def _(b):
    r = b.slow(then=lambda p: p.send_signal(signal.SIGINT))
    failed(r, 130, "interrupted")
    r.need(r.seconds < 5 * kit.Settings.slow, "it took too long")


# --- what is asked -----------------------------------------------------------------------------------------------------------

def both(name, rows=None):
    """A case for each kind of server; "{0}" is its name."""
    all_rows = []
    for kind in KINDS:
        all_rows += [(kind,) + ((row,) if isinstance(row, str) else row) for row in rows or [()]]
    return case(name, all_rows)


@both("{0}: what the options say is asked for, and nothing is left to the server's own defaults")
def _(kind):
    app = KINDS[kind](of_words)
    with Server(app) as server:
        ask(app, server, "--temperature", "0.7", "--top-p", "0.9", "--top-k", "20", "--min-p", "0.05", "--repeat-penalty",
            "1.1", "--seed", "42", "--max-tokens", "99", words=["alpha"]).ok(b"ls -l\n")
        one, = server.asked(app.path)
    o = options(one)
    need(o["model"] == app.model and o["stream"] is True and o["logprobs"] is True, o)
    need(o["temperature"] == 0.7 and o["top_p"] == 0.9 and o["top_k"] == 20 and o["min_p"] == 0.05 and o["seed"] == 42, o)
    need(o.get("num_predict") == 99 if kind == "ollama" else o.get("max_tokens") == 99, o)
    need(o.get("repeat_penalty") == 1.1 if kind == "ollama" else o.get("repetition_penalty") == 1.1, o)
    roles = [m["role"] for m in o["messages"]]
    need(roles == ["system", "user", "assistant"] and o["messages"][-1]["content"] == "```bash\n", o)
    need(kind == "ollama" or (o["continue_final_message"] is True and o["add_generation_prompt"] is False), o)


@both("{0}: greedy by default, the other candidates are drawn with seeds of their own")
def _(kind):
    app = KINDS[kind](of_words)
    with Server(app) as server:
        ask(app, server, "-n", "3", "--seed", "7", words=["alpha"]).ok()
        sent = sorted((options(r)["seed"], options(r)["temperature"]) for r in server.asked(app.path))
    need(sent == [(7, 0), (8, 0.7), (9, 0.7)], sent)


@both("{0}: no more than -n requests are on their way together")
def _(kind):
    def slowly(request, wire):
        wire.wait(0.2)
        app.good(request, wire)
    app = KINDS[kind](of_words, chat=slowly)
    with Server(app) as server:
        ask(app, server, "-n", "4", words=["alpha"]).ok()
        need(server.most == 4, "%d at once" % server.most)


@both("{0}: probabilities are measured where the server tells them")
def _(kind):
    app = KINDS[kind]("ls -l", logprobs=[-0.25, -0.5])
    with Server(app) as server:
        d = answered(ask(app, server, "-o", "json"), "ls -l", kind)
    need(d["candidates"][0]["logprob"] == -0.75 and abs(d["confidence"] - 0.4723665527) < 1e-9, d)


@both("{0}: without probabilities the confidence is null, and not made up")
def _(kind):
    app = KINDS[kind]("ls -l")
    with Server(app) as server:
        d = answered(ask(app, server, "-o", "json"), "ls -l", kind)
        ask(app, server, "-v").ok(b"ls -l\n").says("confidence not known")
    need(d["confidence"] is None and d["candidates"][0]["logprob"] is None and d["uncertain"] is False, d)


@both("{0}: a probability that can't be is none: {1}", ["null", "\"x\"", "1e999"])
def _(kind, value):
    app = KINDS[kind]("ls -l", logprobs=[-0.25, "HERE"])

    def chat(request, wire):
        data = b"".join(app.pieces(request)).replace(b'"HERE"', value.encode())
        wire.whole(data, kind=app.stream)
    app.chat = chat
    with Server(app) as server:
        r = ask(app, server, "-o", "json")
    if value == "1e999":  # no number that JSON readers have to take
        failed(r, 3, "makes no sense")
    else:
        need(answered(r, "ls -l", kind)["confidence"] is None, "there is one")


@both("{0}: a model of ours is treated as such: bare request, placeholders, calibration")
def _(kind):
    own = {"name": "cmdai-x", "placeholders": 8, "scale": 2.0, "bias": 0.5, "quant": "Q8_0", "sha256": "ab" * 32}
    info = {"general.name": "cmdai-x", "cmdai.placeholders": 8, "cmdai.confidence.scale": 2.0, "cmdai.confidence.bias": 0.5}
    app = Ollama("ls -l", info=info, logprobs=[-.5]) if kind == "ollama" else OpenAI("ls -l", own=own, logprobs=[-.5])
    with Server(app) as server:
        d = answered(ask(app, server, "-o", "json"), "ls -l", kind)
        one, = server.asked(app.path)
    need(d["model"]["id"] == "cmdai-x" and abs(d["confidence"] - 0.3775406688) < 1e-7, d)  # 1 / (1 + e^0.5)
    need(one.json["messages"] == [{"role": "user", "content": "list files"}], one.json)
    need(d["model"]["sha256"] == (app.digest if kind == "ollama" else "ab" * 32), d["model"])


@both("{0}: an answer of 16 KB comes whole")
def _(kind):
    app = KINDS[kind]("echo " + "y" * 16000)
    with Server(app) as server:
        answered(ask(app, server, "-o", "json"), app.text, kind)


# --- models ------------------------------------------------------------------------------------------------------------------

@both("{0}: a server with one model needs no name")
def _(kind):
    app = KINDS[kind]("ls -l", models=["only:1b"])
    with Server(app) as server:
        need(answered(ask(app, server, "-o", "json"), "ls -l", kind)["model"]["id"] == "only:1b", "another model")


@both("{0}: with several models it has to be said which, and they are listed")
def _(kind):
    app = KINDS[kind]("ls -l", models=["m%d" % i for i in range(7)])
    with Server(app) as server:
        failed(ask(app, server, "-o", "json"), 4, "7 models", "--%s-model" % kind, "m0, m1, m2, m3, m4 and 2 more")
        need(not server.asked(app.path), "it was asked all the same")
        answered(ask(app, server, "-o", "json", "-m", "m3"), "ls -l", kind)
        answered(ask(app, server, "-o", "json", "--%s-model" % kind, "m4"), "ls -l", kind)
        answered(ask(app, server, "-o", "json", env={"CMDAI_MODEL": "m5"}), "ls -l", kind)
        asked = [r.json["model"] for r in server.asked(app.path)]
    need(asked == ["m3", "m4", "m5"], asked)


@both("{0}: a model that isn't there is status 4, with what to do")
def _(kind):
    app = KINDS[kind]("ls -l")
    with Server(app) as server:
        failed(ask(app, server, "-o", "json", "-m", "other:7b"), 4, "other:7b", "127.0.0.1:%d" % server.port,
               "ollama pull other:7b" if kind == "ollama" else app.model)


@both("{0}: a server without a model is status 4")
def _(kind):
    app = KINDS[kind]("ls -l", models=[])
    with Server(app) as server:
        failed(ask(app, server, "-o", "json"), 4, "has no model")


@case("ollama: a name without a tag is the latest, and the digest is of that")
def _():
    app = Ollama("ls -l", models=["tiny:latest", "tiny"])
    with Server(app) as server:
        d = answered(ask(app, server, "-o", "json", "-m", "tiny"), "ls -l", "ollama")
    need(d["model"] == {"id": "tiny", "sha256": app.digest, "quant": "Q4_K_M"}, d["model"])


@case("vllm: a server without a list of models, if the model is named")
def _():
    app = OpenAI("ls -l")

    def without(request, wire):
        if request.path.endswith("/models"):
            wire.whole({"detail": "Not Found"}, 404)
        else:
            app(request, wire)
    with Server(without) as server:
        answered(ask(app, server, "-o", "json", "-m", "any"), "ls -l", "vllm")
        failed(ask(app, server, "-o", "json"), 3, "404")


# --- what goes wrong ---------------------------------------------------------------------------------------------------------

def stream_of(app, request, text=None):
    """A whole answer as bytes."""
    return b"".join(app.pieces(request, text))


def raw(app, request, wire, body, **headers):
    """An answer's head with a length, and these bytes."""
    wire.whole(body, kind=app.stream, **headers)


def reset(app, request, wire):
    wire.reset()


def reset_in_middle(app, request, wire):
    wire.chunks([app.half(request)], app.stream, end=False)
    wire.wait(0.1)
    wire.reset()


def half_closed(app, request, wire):
    wire.chunks([app.half(request)], app.stream, end=False)
    wire.half_close()


def short_length(app, request, wire):
    wire.head(200, app.stream, Content_Length=100000)
    wire.send(app.half(request))
    wire.close()


def cut_line(app, request, wire):
    raw(app, request, wire, stream_of(app, request)[:60])


def no_end(app, request, wire):
    raw(app, request, wire, app.half(request))


def slow(app, request, wire):
    wire.head(200, app.stream)
    for byte in stream_of(app, request) * 1000:
        wire.send(bytes([byte]))
        wire.wait(0.05)


def silent(app, request, wire):
    wire.hang()


def silent_in_middle(app, request, wire):
    wire.chunks([app.half(request)], app.stream, end=False)
    wire.hang()


def endless_text(app, request, wire):
    piece = app.item(request, "x" * 5000)
    wire.chunks([piece] * 100000, app.stream)


def endless_nothing(app, request, wire):
    wire.head(200, app.stream)
    while True:
        wire.send(b": nothing\n\n" * 1000 if app.name == "vllm" else b" \n" * 5000)


def endless_line(app, request, wire):
    wire.head(200, app.stream)
    while True:
        wire.send(b"data: {" if app.name == "vllm" else b"{")
        wire.send(b" " * 65536)


def large(app, request, wire):
    raw(app, request, wire, app.item(request, "x" * (50 << 20)))


def large_by_pieces(app, request, wire):
    raw(app, request, wire, app.item(request, "x" * 50000) * 1000)


def bomb(app, request, wire):
    raw(app, request, wire, gzip.compress(app.item(request, " ") * 600000), Content_Encoding="gzip")


def bad_gzip(app, request, wire):
    raw(app, request, wire, b"\x1f\x8b" + b"not packed at all", Content_Encoding="gzip")


def bad_chunk(app, request, wire):
    wire.head(200, app.stream, Transfer_Encoding="chunked")
    wire.send(b"zz\r\nnothing\r\n")


def bad_json(app, request, wire):
    raw(app, request, wire, b"data: {\"choices\": [}\n\n" if app.name == "vllm" else b"{\"message\": }\n")


def other_json(app, request, wire):
    raw(app, request, wire, b"data: [1, 2]\n\n" if app.name == "vllm" else b"[1, 2]\n")


def bad_utf8(app, request, wire):
    raw(app, request, wire, app.item(request, "HERE").replace(b"HERE", b"\xff\xfe"))


def deep_json(app, request, wire):
    raw(app, request, wire, (b"data: " if app.name == "vllm" else b"") + b"[" * 100000 + b"\n\n")


def page(app, request, wire):
    wire.whole(b"<!doctype html><title>Welcome</title><p>Log in to the network\n", kind="text/html; charset=utf-8")


def not_http(app, request, wire):
    wire.send(b"220 mail.example ESMTP\r\n")
    wire.close()


def nothing(app, request, wire):
    wire.whole(b"", kind=app.stream)


def says_own_error(app, request, wire):
    wire.chunks([app.half(request), app.error_item("out of memory, key " + KEY)], app.stream)


def status(number, text=None, **headers):
    """An answer with another status."""
    def answer(app, request, wire):
        if text is None:
            wire.whole(b"<html>sorry</html>", number, "text/html", **headers)
        else:
            wire.whole(app.error(text), number, **headers)
    return answer


# What the server does when it is asked, the status of the program, what it says, and how often it asks (a connection that
# was used before is tried a second time by libcurl itself).
FAULTS = {
    "a reset connection": (reset, 3, ["closed the connection"], 3),
    "a reset in the middle": (reset_in_middle, 3, ["broke off"], 1),
    "a half-closed connection": (half_closed, 3, ["broke off"], 1),
    "fewer bytes than promised": (short_length, 3, ["broke off"], 1),
    "a line that isn't over": (cut_line, 3, [], 1),
    "an answer without an end": (no_end, 3, ["ended in the middle"], 1),
    "an answer that drips": (slow, 8, ["in time"], 1),
    "silence": (silent, 3, ["no answer began within 500 ms"], 1),
    "silence in the middle": (silent_in_middle, 3, ["silent"], 1),
    "text without end": (endless_text, 3, ["more than 1048576 bytes"], 1),
    "nothing without end": (endless_nothing, 3, ["bytes"], 1),
    "a line without end": (endless_line, 3, ["bytes"], 1),
    "a reply of 50 MB": (large, 3, ["bytes"], 1),
    "a reply of 50 MB in pieces": (large_by_pieces, 3, ["more than 1048576 bytes"], 1),
    "a bomb of gzip": (bomb, 3, ["bytes"], 1),
    "a packed answer that isn't": (bad_gzip, 3, ["unpacked"], 1),
    "a chunk that is none": (bad_chunk, 3, [], 1),
    "bad JSON": (bad_json, 3, ["makes no sense"], 1),
    "JSON of another kind": (other_json, 3, ["makes no sense"], 1),
    "bytes that are no UTF-8": (bad_utf8, 3, ["makes no sense"], 1),
    "JSON that is too deep": (deep_json, 3, ["makes no sense"], 1),
    "a page of HTML with status 200": (page, 3, ["text/html"], 1),
    "a server of another kind": (not_http, 3, ["HTTP"], 1),
    "an answer without a body": (nothing, 3, ["ended before it began"], 1),
    "an error in the middle": (says_own_error, 3, ["out of memory"], 1),
    "401": (status(401, "wrong key " + KEY), 3, ["key", "401"], 1),
    "403": (status(403), 3, ["key", "403"], 1),
    "404 of a model": (status(404, "model 'tiny' not found, try pulling it first"), 4, ["not found, try pulling"], 1),
    "404 of a path": (status(404), 3, ["404", "address"], 1),
    "400": (status(400, "temperature must be nice"), 3, ["400", "must be nice"], None),
    "a prompt that is too long": (status(400, "this model's maximum context length is 512 tokens"), 2, ["512 tokens"], None),
    "429 for an hour": (status(429, "slow down " + KEY, Retry_After=3600), 3, ["429", "3600 s", "slow down"], 1),
    "429 without a time": (status(429, "slow down"), 3, ["429"], 3),
    "500": (status(500, "out of luck"), 3, ["500", "out of luck"], 3),
    "501": (status(501), 3, ["501"], 1),
    "503 with a page": (status(503), 3, ["503"], 3),
    "a redirect": (status(302, Location="http://127.0.0.1:1/elsewhere"), 3, ["302", "redirects"], 1),
    "no content": (status(204), 3, ["204"], 1),
}


@both("{0}, {1}: the documented status and one clear line", list(FAULTS))
def _(kind, name):
    fault, code, words, tries = FAULTS[name]
    app = KINDS[kind]()
    app.chat = lambda request, wire: fault(app, request, wire)
    with Server(app) as server:
        r = ask(app, server, "-o", "json", "--timeout", "2" if code == 8 else "30", "--first-byte-timeout",
                "0.5" if "silence" in name else "20")
        d = failed(r, code, "127.0.0.1:%d" % server.port, *words)
        r.need(d["backend"] == kind, "of another backend")
        asked = len(server.asked(app.path))
        r.need(tries is None or asked == tries or (asked == 4 and fault is reset), "asked %d times" % asked)


@both("{0}: at the question which model there is, too: {1}",
      ["a reset connection", "silence", "a chunk that is none", "a page of HTML with status 200", "401", "500", "bad JSON"])
def _(kind, name):
    fault, code, _, _ = FAULTS[name]
    app = KINDS[kind]()
    with Server(lambda request, wire: fault(app, request, wire)) as server:
        failed(ask(app, server, "-o", "json", "--first-byte-timeout", "0.5"), code, "127.0.0.1:%d" % server.port)
        need(not server.asked(app.path), "it was asked all the same")


@both("{0}: a server that is off is status 3, after a few tries")
def _(kind):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    r = ask(KINDS[kind], "http://127.0.0.1:%d" % port, "-o", "json")
    failed(r, 3, "127.0.0.1:%d: connection refused" % port)


@both("{0}: a server that doesn't take the connection is status 3, after --connect-timeout")
def _(kind):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(0)
        waiting = []
        for _ in range(8):  # fills the queue; what comes then isn't answered
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(s.getsockname())
        r = ask(KINDS[kind], "http://127.0.0.1:%d" % s.getsockname()[1], "-o", "json", "--connect-timeout", "0.4")
        failed(r, 3, "no connection within 400 ms")
        for one in waiting:
            one.close()


@both("{0}: a host that doesn't exist is status 3")
def _(kind):
    failed(ask(KINDS[kind], "http://nowhere.invalid:1", "-o", "json", limit=40), 3, "nowhere.invalid:1")


@both("{0}: an address that can't be is status 2: {1}",
      ["ftp://host", "http://user:word@host", "http://ho st", "http://host/?key=1", "http://host:99999/v1", "http://"])
def _(kind, url):
    if kind == "ollama" and url in ("http://host:99999/v1", "http://"):
        raise kit.Skip("Ollama takes its usual port, or this machine, for what it can't read")
    r = run("-b", kind, "--%s-url" % kind, url, "-o", "json", "list", "files")
    failed(r, 2, kind)


# --- what may pass -----------------------------------------------------------------------------------------------------------

def after(app, faults):
    """A chat that fails in these ways first."""
    left = list(faults)

    def chat(request, wire):
        if left:
            left.pop(0)(app, request, wire)
        else:
            app.good(request, wire)
    return chat


@both("{0}: {1}, then a good answer", ["500", "503 with a page", "a reset connection", "429 without a time"])
def _(kind, name):
    app = KINDS[kind]("ls -l")
    app.chat = after(app, [FAULTS[name][0]] * 2)
    with Server(app) as server:
        d = answered(ask(app, server, "-o", "json"), "ls -l", kind)
        need(len(server.asked(app.path)) == 3 and d["fallback"] == [], "asked %d times" % len(server.asked(app.path)))


@both("{0}: 429 with Retry-After is waited for as long as the server says")
def _(kind):
    app = KINDS[kind]("ls -l")
    app.chat = after(app, [status(429, "busy", Retry_After=1)])
    with Server(app) as server:
        r = ask(app, server, "-o", "json")
        answered(r, "ls -l", kind)
        r.need(r.seconds >= 1, "it came back at once")


@both("{0}: no wait beyond the deadline: it says so at once")
def _(kind):
    app = KINDS[kind]("ls -l", chat=lambda request, wire: status(503, "busy", Retry_After=9)(app, request, wire))
    with Server(app) as server:
        r = ask(app, server, "-o", "json", "--timeout", "5")
        failed(r, 3, "503")
        r.need(r.seconds < 4 * kit.Settings.slow, "it waited")


NEW = {"ollama": {"logprobs": ["logprobs"], "thoughts": ["think"]},
       "vllm": {"logprobs": ["logprobs"], "continued messages": ["continue_final_message"],
                "both": ["logprobs", "continue_final_message"]}}


@case("{0}: a server that knows nothing of {1} is asked more plainly, and that is kept in mind",
      [(kind, what) for kind, all_new in NEW.items() for what in all_new])
def _(kind, what):
    def picky(request, wire):
        unknown = [name for name in NEW[kind][what] if name in request.json]
        if unknown:
            status(400, "unknown field: " + unknown[0])(app, request, wire)
        else:
            app.good(request, wire)
    app = KINDS[kind]("```sh\nls -l\n```", chat=picky)
    with Server(app) as server:
        answered(ask(app, server, "-o", "json"), "ls -l", kind)
        first, last = server.asked(app.path)[0].json, server.asked(app.path)[-1].json
        need(all(name in first and name not in last for name in NEW[kind][what]), "%s\n%s" % (first, last))
        before = len(server.asked(app.path))
        r, _ = test_run("-b", kind, *place(app, server), "--batch", "1", cases=4)
        r.need(len(server.asked(app.path)) == before + before + 3, "asked %d times" % len(server.asked(app.path)))


# --- answers of other shapes -------------------------------------------------------------------------------------------------

def byte_by_byte(app, request, wire):
    wire.chunks([bytes([b]) for b in stream_of(app, request)], app.stream)


def packed(app, request, wire):
    raw(app, request, wire, gzip.compress(stream_of(app, request)), Content_Encoding="gzip")


def as_text(app, request, wire):
    wire.whole(stream_of(app, request), kind="text/plain")


def without_type(app, request, wire):
    wire.whole(stream_of(app, request), kind=None)


def until_close(app, request, wire):
    wire.head(200, app.stream, Connection="close")
    wire.send(stream_of(app, request))
    wire.close()


def more_behind(app, request, wire):
    raw(app, request, wire, stream_of(app, request) + app.item(request, "; rm -rf /") + b"data: rubbish\n\n")


def stays_open(app, request, wire):
    wire.chunks([stream_of(app, request)], app.stream, end=False)
    wire.hang()


def reset_behind(app, request, wire):
    wire.chunks([stream_of(app, request)], app.stream, end=False)
    wire.wait(0.1)
    wire.reset()


def own_fence(app, request, wire):
    wire.whole(stream_of(app, request, "\n```bash\n%s\n```\n" % UNICODE), kind=app.stream)


def closed_fence(app, request, wire):
    wire.whole(stream_of(app, request, UNICODE + "\n```\nThat was it."), kind=app.stream)


SHAPES = {f.__name__.replace("_", " "): f for f in (byte_by_byte, packed, as_text, without_type, until_close, more_behind,
                                                     stays_open, reset_behind, own_fence, closed_fence)}


@both("{0}: a good answer of this shape: {1}", list(SHAPES))
def _(kind, name):
    app = KINDS[kind](UNICODE)
    app.chat = lambda request, wire: SHAPES[name](app, request, wire)
    with Server(app) as server:
        answered(ask(app, server, "-o", "json"), UNICODE, kind)


def events(app, request):
    """The events of an answer, each as its JSON."""
    return [e[6:] for e in stream_of(app, request).split(b"\n\n") if e]


SSE = {
    "comments": lambda e: b": hello\n\n" + b"".join(b":\ndata: %s\n: there\n\n" % x for x in e),
    "CR LF": lambda e: b"".join(b"data: %s\r\n\r\n" % x for x in e),
    "CR": lambda e: b"".join(b"data: %s\r\r" % x for x in e),
    "a byte-order mark": lambda e: b"\xef\xbb\xbf" + b"".join(b"data: %s\n\n" % x for x in e),
    "no blank behind the colon": lambda e: b"".join(b"data:%s\n\n" % x for x in e),
    "names and ids": lambda e: b"retry: 10\n\n" + b"".join(b"event: message\nid: 7\ndata: %s\nother: x\n\n" % x for x in e),
    "JSON over several lines": lambda e: b"".join(b"data: %s\n\n" % x.replace(b", ", b",\ndata: ") for x in e),
    "empty events": lambda e: b"\n\n\n" + b"".join(b"data: %s\n\n\n\n" % x for x in e),
    "no [DONE]": lambda e: b"".join(b"data: %s\n\n" % x for x in e[:-1]),
    "no [DONE] and no usage": lambda e: b"".join(b"data: %s\n\n" % x for x in e[:-2]),
    "events behind [DONE]": lambda e: b"".join(b"data: %s\n\n" % x for x in e) + b"data: {\"error\": \"x\"}\n\ndata: [\n\n",
}


@case("vllm: server-sent events with {0}", list(SSE))
def _(name):
    app = OpenAI("ls -l")
    app.chat = lambda request, wire: raw(app, request, wire, SSE[name](events(app, request)))
    with Server(app) as server:
        answered(ask(app, server, "-o", "json"), "ls -l", "vllm")


# --- the next backend --------------------------------------------------------------------------------------------------------

@both("{0} dies in the middle: the embedded model answers, and the document says so")
def _(kind):
    app = KINDS[kind]()
    app.chat = lambda request, wire: reset_in_middle(app, request, wire)
    with Server(app) as server:
        r = run("-b", kind + ",cpu", *place(app, server), "-o", "json", "list files")
        d = document(r.has_status(0))
        alone = document(run("-b", "cpu", "-o", "json", "list files").ok())
    need(d["command"] == alone["command"] and d["backend"] == "cpu" and d["model"] == alone["model"], d)
    need([f["backend"] for f in d["fallback"]] == [kind] and "broke off" in d["fallback"][0]["error"], d["fallback"])


@both("{0} is off: -v shows that and why, without it nothing is said")
def _(kind):
    with socket.create_server(("127.0.0.1", 0)) as s:
        url = "http://127.0.0.1:%d" % s.getsockname()[1]
    args = ["-b", kind + ",cpu", *place(KINDS[kind], url)]
    run(*args, "list files").ok().silent()
    run(*args, "-v", "list files").ok().says("backend %s: " % kind, "connection refused", "backend cpu")


@case("all in vain: the last error is the answer's, and the document has all of them")
def _():
    app, other = Ollama(), OpenAI(models=[])
    app.chat = lambda request, wire: status(500, "no luck")(app, request, wire)
    with Server(app) as one, Server(other) as two:
        r = run("-b", "ollama,vllm", *place(app, one), *place(other, two), "-o", "json", "list files")
        d = failed(r, 4, "has no model")
    need([f["backend"] for f in d["fallback"]] == ["ollama", "vllm"], d)
    need("no luck" in d["fallback"][0]["error"] and "has no model" in d["fallback"][1]["error"], d)


@both("{0}: what no other backend can do better isn't asked of one: an interruption, a deadline, a usage error")
def _(kind):
    app = KINDS[kind](chat=lambda request, wire: wire.hang())
    with Server(app) as server:
        process = kit.start("-b", kind + ",cpu", *place(app, server), "-o", "json", "list files")
        kit.wait_for(lambda: server.asked(app.path), "the question")
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        need(failed(kit.finish(process), 130)["fallback"] == [], "it went on")
    d = failed(run("-b", kind + ",cpu", "--%s-url" % kind, "ftp://x", "-o", "json", "list files"), 2, "ftp")
    need(d["fallback"] == [], d)


@both("{0} hangs: the next backend has time left")
def _(kind):
    app = KINDS[kind](chat=lambda request, wire: wire.hang())
    with Server(app) as server:
        r = run("-b", kind + ",cpu", *place(app, server), "--timeout", "4", "-o", "json", "list files")
    d = document(r.has_status(0))
    need(d["backend"] == "cpu" and [f["backend"] for f in d["fallback"]] == [kind], d)


@both("{0}: a model that declines has answered, and so has one that is blocked")
def _(kind):
    app = KINDS[kind](of_words)
    with Server(app) as server:
        for word, code in (("delta", 5), ("golf", 6)):
            d = document(run("-b", kind + ",cpu", *place(app, server), "-o", "json", word).has_status(code))
            need(d["backend"] == kind and d["fallback"] == [], d)


@case("behind a server cpu has the embedded model; in front of it -m is its own")
def _():
    gguf = models.says("ls --own")
    app = Ollama("ls -l", models=[gguf, "b"])
    with Server(lambda request, wire: wire.reset()) as dead, Server(app) as server:
        d = document(run("-b", "ollama,cpu", *place(app, dead), "-m", "tiny", "-o", "json", "list files").has_status(0))
        need(d["backend"] == "cpu" and d["model"]["id"].startswith("cmdai-") and d["command"] != "ls --own", d)
        d = document(run("-b", "cpu,ollama", *place(app, server), "-m", gguf, "-o", "json", "list files").has_status(0))
        need(d["command"] == "ls --own" and not server.requests, d)
        d = document(run("-b", "cpu,ollama", *place(app, server), "-m", "/none.gguf", "--ollama-model", "b", "-o", "json",
                         "list files").has_status(0))
        need(d["command"] == "ls -l" and [f["backend"] for f in d["fallback"]] == ["cpu"], d)
        need(server.asked("/api/chat")[0].json["model"] == "b", "another model")


@case("auto is what --auto-order says: cpu alone, unless someone says otherwise")
def _():
    app = Ollama("ls -l")
    with Server(app) as server:
        env = {"OLLAMA_HOST": server.url}
        need(document(run("-o", "json", "list files", env=env).ok())["backend"] == "cpu" and not server.requests, "asked")
        answered(run("-o", "json", "--auto-order", "ollama,cpu", "list files", env=env), "ls -l", "ollama")
        answered(run("-o", "json", "-b", "auto", "list files", env={**env, "CMDAI_AUTO_ORDER": "ollama"}), "ls -l", "ollama")


# --- a server of ours -----------------------------------------------------------------------------------------------------------

@both("{0}: through cmdai serve every answer is the own engine's, to the last bit of its probability")
def _(kind):
    gguf = runner.once("contract", Own._model)
    env = {"CMDAI_SERVE_TOKEN": KEY}
    process = kit.start("serve", "--port", "0", "-m", gguf, env=env)
    try:
        line = process.stderr.readline().decode()
        url = "http" + line.split("http")[1].split()[0]
        for word in list(SAYS) + ["coin", "nothing"]:
            own = document(run("-b", "cpu", "-m", gguf, "-o", "json", word))
            far = document(ask(KINDS[kind], url, "-o", "json", words=[word]))
            for key in ("command", "confidence", "uncertain", "refused", "candidates", "explanation", "decision", "model"):
                need(own[key] == far[key], "%s: %s is %s, not %s" % (word, key, far[key], own[key]))
            need(far["backend"] == kind and far["tokens"]["output"] == own["tokens"]["output"], far)
        failed(run("-b", kind, *place(KINDS[kind], url), "-o", "json", "alpha"), 3, "key", "401")
    finally:
        process.terminate()
        kit.finish(process)


# --- settings ----------------------------------------------------------------------------------------------------------------

@case("-b {0}: status 2, and what there is", ["cuda", "cpu,cuda", "", "cpu,", ",cpu", "cpu,cpu", "auto,cpu", "cpu,auto", "cpu cpu"])
def _(names):
    r = run("-b", names, "list", "files").fails(2)
    r.need(b"cpu" in r.err or b"auto" in r.err, "it doesn't say what there is")


@case("OLLAMA_HOST is read as Ollama reads it: {0}", ["{host}:{port}", "http://{host}:{port}", "http://{host}:{port}/",
                                                      " \"{host}:{port}\" ", "0.0.0.0:{port}", ":{port}", "localhost:{port}"])
def _(form):
    app = Ollama("ls -l")
    with Server(app) as server:
        host = form.format(host="127.0.0.1", port=server.port)
        answered(run("-b", "ollama", "-o", "json", "list files", env={"OLLAMA_HOST": host}), "ls -l", "ollama")


@both("{0}: --offline keeps to this machine")
def _(kind):
    app = KINDS[kind]("ls -l")
    with Server(app) as server:
        answered(ask(app, server, "--offline", "-o", "json"), "ls -l", kind)
    failed(ask(app, "http://10.0.0.1:9", "--offline", "-o", "json"), 2, "--offline", "10.0.0.1:9")


@both("{0}: a project's file may not say where answers come from: {1}", ["url", "model", "key-file"])
def _(kind, key):
    folder = kit.fresh()
    with open(os.path.join(folder, ".cmdai.yaml"), "w", encoding="utf-8") as f:
        f.write("%s-%s: x\n" % (kind, key))
    run("list", "files", cwd=folder).fails(2, ".cmdai.yaml:1:1", "a project may set only")


@case("a project's file may not say either: {0}", ["backend", "auto-order", "connect-timeout", "first-byte-timeout"])
def _(key):
    folder = kit.fresh()
    with open(os.path.join(folder, ".cmdai.yaml"), "w", encoding="utf-8") as f:
        f.write("%s: cpu\n" % key)
    run("list", "files", cwd=folder).fails(2, ".cmdai.yaml:1:1")


@both("{0}: a key in a file, which nobody else should read")
def _(kind):
    app = KINDS[kind]("ls -l")
    path = kit.file_with(KEY.encode() + b"\n", "key")
    names = {"CMDAI_OLLAMA_KEY": None, "CMDAI_VLLM_KEY": None}
    with Server(app) as server:
        os.chmod(path, 0o600)
        ask(app, server, "--%s-key-file" % kind, path, env=names).ok(b"ls -l\n").silent()
        os.chmod(path, 0o644)
        ask(app, server, "--%s-key-file" % kind, path, env=names).ok(b"ls -l\n").says("others may read the key", path)
    for data in (b"", b"two words\n", b"\n", b"\xff\n"):
        run("-b", kind, "--%s-key-file" % kind, kit.file_with(data, "key"), "list", "files").fails(2, "-key-file: ")
    run("-b", kind, "--%s-key-file" % kind, "/none", "list", "files").fails(2, "/none")


@both("{0}: a key that no header can hold is status 2, and not shown")
def _(kind):
    app = KINDS[kind]("ls -l")
    with Server(app) as server:
        r = run("-b", kind, *place(app, server), "list", "files", env={"CMDAI_%s_KEY" % kind.upper(): "a\r\nX-Own: secretpart"})
        r.fails(2, "key").need(b"secretpart" not in r.err and not server.requests, "it was sent, or shown")


@both("{0}: a connection is used again")
def _(kind):
    app = KINDS[kind]("ls -l")
    made = []

    def counted(request, wire):
        if wire not in made:
            made.append(wire)
        app(request, wire)
    with Server(counted) as server:
        ask(app, server).ok(b"ls -l\n")
    need(len(made) == 1, "%d connections" % len(made))


# --- runs of tests -----------------------------------------------------------------------------------------------------------

def test_run(*args, cases=100):
    """cmdai test with that many cases that want `ls`; the result and the path of the run file."""
    path = kit.fresh("run.jsonl")
    suite = runner.fixture([{"id": "c%03d" % i, "prompt": "alpha %d" % i, "expected_patterns": ["ls"]} for i in range(cases)])
    return run("test", suite, "--out", path, *args, limit=60), path


@both("{0}: a run of tests")
def _(kind):
    def slowly(request, wire):
        wire.wait(0.1)
        app.good(request, wire)
    app = KINDS[kind](of_words, chat=slowly, logprobs=[-.5])
    with Server(app) as server:
        r, path = test_run("-b", kind, *place(app, server), cases=20)
        r.ok()
        need(len(server.asked(app.path)) == 20 and 1 < server.most <= 16, "%d at once" % server.most)
    manifest = runner.read(path)[0]
    need(manifest["plan"]["backend"] == kind and manifest["plan"]["model"]["id"] == app.model, manifest)
    for one in runner.results(path).values():
        need(one["backend"] == kind and one["command"] == "ls -l" and one["fallback"] == [] and one["logprob"] == -.5, one)


@both("{0}: a run of tests without probabilities says that they are not known")
def _(kind):
    app = KINDS[kind](of_words)
    with Server(app) as server:
        r, path = test_run("-b", kind, *place(app, server), cases=2)
    r.ok()
    for one in runner.results(path).values():
        need(one["confidence"] is None and one["logprob"] is None, one)
    kinds = "json jsonl junit md html csv sarif tap github gitlab-cq openmetrics".split()
    folder = kit.fresh()
    reports = [a for k in kinds for a in ("--report", "%s=%s/%s" % (k, folder, k))]
    run("test", "report", path, *reports).ok()
    for k in kinds:
        with open(os.path.join(folder, k), "rb") as f:
            need(not re.search(rb"\b-?nan\b", f.read()), "%s has a number that is none" % k)


@both("{0} never answers: one timeout for a run of a hundred cases, not one each")
def _(kind):
    app = KINDS[kind]()
    with Server() as server:
        r, path = test_run("-b", kind + ",cpu", *place(app, server), "--first-byte-timeout", "2")
        need(len(server.requests) == 1, "asked %d times" % len(server.requests))
    r.need(r.seconds < 2 + 8 * kit.Settings.slow, "it took too long").says("backend %s can't answer" % kind)
    results = runner.results(path)
    for one in results.values():
        need(one["backend"] == "cpu" and len(one["fallback"]) == 1 and one["fallback"][0].startswith(kind + ": "), one)
    need(runner.read(path)[0]["plan"]["backend"] == "cpu" and len(results) == 100, "of another backend")


@both("{0} says who it is, and then nothing: one timeout for all")
def _(kind):
    app = KINDS[kind](chat=lambda request, wire: wire.hang())
    with Server(app) as server:
        r, path = test_run("-b", kind + ",cpu", *place(app, server), "--first-byte-timeout", "2")
        need(0 < len(server.asked(app.path)) <= 16, "asked %d times" % len(server.asked(app.path)))
    r.need(r.seconds < 2 + 8 * kit.Settings.slow, "it took too long")
    for one in runner.results(path).values():
        need(one["backend"] == "cpu" and len(one["fallback"]) == 1, one)


@both("{0} alone is off: no run, status 3")
def _(kind):
    with socket.create_server(("127.0.0.1", 0)) as s:
        url = "http://127.0.0.1:%d" % s.getsockname()[1]
    r, path = test_run("-b", kind, *place(KINDS[kind], url), cases=3)
    r.fails(3, "connection refused").need(not os.path.exists(path), "there is a run file")


@both("{0}: one bad reply is one bad case, and the others are asked all the same")
def _(kind):
    def chat(request, wire):
        if request.text().endswith(" 3"):
            bad_json(app, request, wire)
        else:
            app.good(request, wire)
    app = KINDS[kind](of_words, chat=chat)
    with Server(app) as server:
        r, path = test_run("-b", kind, *place(app, server), "--retries", "0", cases=12)
    r.has_status(3)
    states = runner.states(path)
    need(states.pop("c003") == "error" and set(states.values()) == {"pass"}, states)


@both("{0}: a backend that fails is asked again, an answer never")
def _(kind):
    app = KINDS[kind](of_words)
    app.chat = after(app, [bad_json])
    with Server(app) as server:
        r, path = test_run("-b", kind, *place(app, server), "--retries", "1", cases=1)
        r.ok()
        need(len(server.asked(app.path)) == 2, "asked %d times" % len(server.asked(app.path)))
    need(runner.results(path)["c000"]["measured"]["retries"] == 1, "no retry is recorded")


@case("CMDAI_CI_MODEL_PATH is a file, and no name on a server")
def _():
    app = Ollama(of_words)
    with Server(app) as server:
        path = kit.fresh("run.jsonl")
        suite = runner.fixture([{"id": "a", "prompt": "alpha", "expected_patterns": ["ls"]}])
        run("test", suite, "--out", path, "-b", "ollama", *place(app, server), env={"CMDAI_CI_MODEL_PATH": "/x.gguf"}).ok()
        need(server.asked("/api/chat")[0].json["model"] == app.model, "another model")
