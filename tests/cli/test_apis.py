"""What cmdai serve says in Ollama's, OpenAI's and its own interface, with models whose every word and probability is known."""
import contextlib
import http.client
import json
import math
import os
import re
import signal

import kit
import models
from kit import case, need, run
from schema import Schema

SCHEMA = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.answer.1.json"))
THREE = {"\n": [("ls -la", .5), ("find . -type f", .3), ("du -sh .", .2)]}


class Server:
    """A running server with one model."""

    def __init__(self, process):
        self.process = process
        line = process.stderr.readline().decode()
        match = re.search(r"http://([0-9.]+):(\d+)$", line.strip())
        need(match, "it doesn't listen: %r" % line)
        self.place = match[1], int(match[2])

    def ask(self, method, path, body=None):
        """Status and bytes of an answer."""
        c = http.client.HTTPConnection(*self.place, timeout=20 * kit.Settings.slow)
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body)
        c.request(method, path, data, {"Content-Type": "application/json"} if data is not None else {})
        r = c.getresponse()
        out = r.status, r.read()
        c.close()
        return out

    def json(self, path, body, status=200):
        """The document that is answered with this status."""
        got, data = self.ask("POST", path, body)
        need(got == status, "%s: status %d: %s" % (path, got, data.decode()))
        return json.loads(data)

    def lines(self, path, body):
        """The objects of a stream of Ollama's."""
        status, data = self.ask("POST", path, body)
        need(status == 200 and data.endswith(b"\n"), data)
        return [json.loads(line) for line in data.decode().split("\n")[:-1]]

    def events(self, path, body):
        """The objects of a stream of OpenAI's."""
        status, data = self.ask("POST", path, {**body, "stream": True})
        need(status == 200 and data.endswith(b"\n\ndata: [DONE]\n\n"), data)
        return [json.loads(e.removeprefix("data: ")) for e in data.decode().split("\n\n")[:-2]]


@contextlib.contextmanager
def serving(model, *args):
    """A server, until the case is over."""
    process = kit.start("serve", "--port", "0", "-m", model, *args)
    try:
        yield Server(process)
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        need(process.wait(20 * kit.Settings.slow) == 0, "status %s" % process.returncode)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def message(text, role="user"):
    """A conversation of one message."""
    return {"model": "cmdai", "messages": [{"role": role, "content": text}]}


RAW = {"model": "cmdai", "prompt": "x\n"}


# --- texts -----------------------------------------------------------------------------------------------------------------

@case("apis: {0!r} is said alike in all of them, as a stream too", [
    "ls -la", "awk '{print $2}' data.csv", "echo \"a\\b\" ${x}", "a\nb\tc", "echo 'ünïcödé 文件 \U0001f600'", "\x1b[31m\x7f\u202e\u2028", "data: [DONE]"])
def _(text):
    with serving(models.says(text)) as s:
        for path, body, where in (("/api/chat", message("x"), lambda d: d["message"]["content"]),
                                  ("/api/generate", {**RAW, "prompt": "x"}, lambda d: d["response"]),
                                  ("/api/generate", {**RAW, "raw": True}, lambda d: d["response"])):
            whole = s.json(path, {**body, "stream": False})
            parts = s.lines(path, body)
            need(where(whole) == text and "".join(map(where, parts)) == text, (whole, parts))
            need([p["done"] for p in parts] == [False] * (len(parts) - 1) + [True], parts)
            need(whole["done_reason"] == parts[-1]["done_reason"] == "stop", whole)
        for path, body, one, piece in (
                ("/v1/chat/completions", message("x"), lambda c: c["message"]["content"], lambda c: c["delta"].get("content", "")),
                ("/v1/completions", RAW, lambda c: c["text"], lambda c: c["text"])):
            whole = s.json(path, body)["choices"][0]
            parts = [e["choices"][0] for e in s.events(path, body)]
            need(one(whole) == text and "".join(map(piece, parts)) == text, (whole, parts))
            need(whole["finish_reason"] == parts[-1]["finish_reason"] == "stop", whole)


@case("apis: probabilities and tokens are the model's")
def _():
    with serving(models.script(THREE)) as s:
        last = s.lines("/api/chat", message("x"))[-1]
        choice = s.json("/v1/chat/completions", message("x"))["choices"][0]
        for found in (last["cmdai"]["logprob"], choice["cmdai"]["logprob"]):
            need(abs(found - math.log(.5)) < 1e-4, found)
        need(last["eval_count"] == choice["cmdai"]["tokens"] == 2, (last, choice))  # the text and the end
        # <|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\n: a token a byte, and three special ones
        count = 3 + len("user\nx") + 1 + len("assistant\n")
        need(last["prompt_eval_count"] == count, last)
        usage = s.json("/v1/chat/completions", message("x"))["usage"]
        need(usage["prompt_tokens"] == count and usage["completion_tokens"] == 2 and usage["total_tokens"] == count + 2, usage)
        need(usage["prompt_tokens_details"]["cached_tokens"] > 0, usage)


def is_three(tokens):
    """One token: the first of three, with the others beside it."""
    need(len(tokens) == 1, tokens)
    for found, (text, p) in zip([tokens[0]] + tokens[0]["top_logprobs"], THREE["\n"][:1] + THREE["\n"]):
        need(found["token"] == text and bytes(found["bytes"]) == text.encode() and abs(found["logprob"] - math.log(p)) < 1e-4, found)
    need(len(tokens[0]["top_logprobs"]) == 3, tokens)


@case("apis: each token's probability, and the likeliest beside it, are the model's")
def _():
    asks = {"logprobs": True, "top_logprobs": 3}
    with serving(models.script(THREE)) as s:
        is_three(s.json("/v1/chat/completions", {**message("x"), **asks})["choices"][0]["logprobs"]["content"])
        events = [e["choices"][0]["logprobs"] for e in s.events("/v1/chat/completions", {**message("x"), **asks})]
        is_three([t for e in events if e for t in e["content"]])
        is_three(s.json("/api/chat", {**message("x"), **asks, "stream": False})["logprobs"])
        is_three([t for line in s.lines("/api/chat", {**message("x"), **asks}) for t in line.get("logprobs", [])])
        drawn = s.json("/v1/chat/completions", {**message("x"), **asks, "n": 8, "temperature": 1, "seed": 3})["choices"]
        need(len({c["message"]["content"] for c in drawn}) > 1, drawn)
        for c in drawn:
            (token,) = c["logprobs"]["content"]
            need(token["token"] == c["message"]["content"] and abs(token["logprob"] - math.log(dict(THREE["\n"])[token["token"]])) < 1e-4, c)
        text = s.json("/v1/completions", {"model": "cmdai", "prompt": "\n", "logprobs": 2})["choices"][0]["logprobs"]
        first, second = THREE["\n"][:2]
        need(text["tokens"] == [first[0]] and text["text_offset"] == [0] and list(text["top_logprobs"][0]) == [first[0], second[0]], text)
        need(text["token_logprobs"] == [text["top_logprobs"][0][first[0]]] and abs(text["token_logprobs"][0] - math.log(.5)) < 1e-4, text)


@case("apis: text never becomes a special token")
def _():
    with serving(models.says("ls")) as s:
        def count(text):
            return s.json("/api/chat", {**message(text), "stream": False})["prompt_eval_count"]
        for word in ("<|im_end|>", "<|im_start|>", "<|endoftext|>"):
            need(count(word) - count("") == len(word), word)
            usage = s.json("/v1/completions", {"model": "cmdai", "prompt": word + "\n"})["usage"]
            need(usage["prompt_tokens"] == len(word) + 1, usage)
            usage = s.json("/v1/chat/completions", {"model": "cmdai", "messages": [{"role": "system", "content": word}]})["usage"]
            need(usage["prompt_tokens"] == 3 + len("system\n") + len(word) + 1 + len("assistant\n"), usage)


@case("apis: a reply that is cut off says so, and a stop ends it")
def _():
    with serving(models.endless(layers=1, ctx=4096)) as s:
        cut = s.lines("/api/generate", {"model": "cmdai", "prompt": "x", "options": {"num_predict": 3}})
        need("".join(c["response"] for c in cut) == "la la la " and cut[-1]["done_reason"] == "length", cut)
        stopped = s.json("/api/generate", {"model": "cmdai", "prompt": "x", "stream": False, "options": {"stop": ["a la l"]}})
        need(stopped["response"] == "l" and stopped["done_reason"] == "stop", stopped)
        choice = s.json("/v1/chat/completions", {**message("x"), "max_completion_tokens": 3})["choices"][0]
        need(choice["message"]["content"] == "la la la " and choice["finish_reason"] == "length", choice)
        events = s.events("/v1/chat/completions", {**message("x"), "stop": "a la l"})
        need("".join(e["choices"][0]["delta"].get("content", "") for e in events) == "l", events)
        need(events[-1]["choices"][0]["finish_reason"] == "stop", events)


@case("apis: several texts at once, each piece with its index")
def _():
    body = {**message("x"), "n": 8, "temperature": 1, "seed": 3}
    with serving(models.script(THREE), "--batch", "8") as s:
        whole = s.json("/v1/chat/completions", body)["choices"]
        need([c["index"] for c in whole] == list(range(8)), whole)
        texts = [c["message"]["content"] for c in whole]
        need(len(set(texts)) > 1 and set(texts) <= {t for t, _ in THREE["\n"]}, texts)
        streamed = [""] * 8
        for event in s.events("/v1/chat/completions", body):
            for c in event["choices"]:
                streamed[c["index"]] += c["delta"].get("content", "")
        need(streamed == texts, (streamed, texts))
        s.json("/v1/chat/completions", {**body, "n": 9}, 400)


@case("apis: the reply goes on from a last message of the assistant")
def _():
    table = {"\n": [("ls", 1.0)], "s": [(" -la", 1.0)]}
    with serving(models.script(table)) as s:
        body = message("x")
        body["messages"].append({"role": "assistant", "content": "ls"})
        need(s.json("/api/chat", {**body, "stream": False})["message"]["content"] == " -la", "Ollama's")
        said = s.json("/v1/chat/completions", {**body, "continue_final_message": True, "add_generation_prompt": False})
        need(said["choices"][0]["message"]["content"] == " -la", said)
        said = s.json("/v1/chat/completions", body)  # OpenAI's: it was said before
        need(said["choices"][0]["message"]["content"] == "ls", said)


# --- /v1/cmdai/ask -----------------------------------------------------------------------------------------------------------

def steady(document):
    """Without what differs from run to run."""
    SCHEMA.check(document)
    need(all(v >= 0 for v in document["timing_ms"].values()), document["timing_ms"])
    return {**document, "timing_ms": None, "tokens": {**document["tokens"], "cached": 0}}


@case("apis: /v1/cmdai/ask gives the document of cmdai ask: {0!r} {1}", [
    ("ls -la", {}), ("rm -rf /", {}), ("rm -rf /", {"safety": "strict"}), ("rm a.txt", {"safety": "strict"}), ("echo $x", {}),
    ("\x1b[31mls", {}), ("echo 'ünï 文'", {"shell": "sh"}), ("ls", {"context": "some text\n"}), ("# cannot: not a shell task", {}), ("a `b", {}),
    ("ls\n```\nIt lists.", {})])
def _(text, members):
    model = models.says(text)
    with serving(model) as s:
        document = s.json("/v1/cmdai/ask", {"request": " list files\n", **members})
    options = [o for k in ("safety", "shell") if k in members for o in ("--" + k, members[k])]
    theirs = run("-o", "json", "-m", model, *options, "list", "files", stdin=members.get("context", "").encode())
    need(steady(document) == steady(theirs.json()), (document, theirs.json()))


@case("apis: candidates of /v1/cmdai/ask are those of cmdai ask")
def _():
    model = models.script(THREE)
    with serving(model) as s:
        document = s.json("/v1/cmdai/ask", {"request": "list files", "candidates": 6, "temperature": 1, "seed": 9, "max_tokens": 50})
    theirs = run("-o", "json", "-m", model, "-n", "6", "--temperature", "1", "--seed", "9", "--max-tokens", "50", "list", "files").ok().json()
    need(len(document["candidates"]) > 1 and steady(document) == steady(theirs), (document, theirs))


@case("apis: a question without an answer, or that is none, gets a document, too")
def _():
    with serving(models.says("ls -la")) as s:
        cut = s.json("/v1/cmdai/ask", {"request": "list files", "max_tokens": 1})
        need(steady(cut)["command"] is None and "cut off" in cut["error"] and cut["backend"] == "cpu", cut)
        for body, status, text in (({"request": ""}, 400, "request"), ({"request": "x", "safety": "permissive"}, 400, "safety"),
                                   ({"request": "x", "model": "other"}, 404, "other"), ({"request": "x", "more": 1}, 400, "more"),
                                   (b"{", 400, "JSON"), ({"request": "x" * 5000}, 400, "context")):
            document = s.json("/v1/cmdai/ask", body, status)
            need(steady(document)["command"] is None and text in document["error"], document)


# --- errors ------------------------------------------------------------------------------------------------------------------

@case("apis: a prompt that can't fit, whatever its words are, never gets to the model: {0}",
      ["/api/chat", "/api/generate", "/v1/chat/completions", "/v1/completions"])
def _(path):
    with serving(models.says("ls")) as s:
        text = "list files " * 300000
        ask = {**message(text), "prompt": text, "stream": False}
        ask.pop("messages" if "chat" not in path else "prompt")
        got = s.json(path, ask, 400)["error"]
        need("tokens at least, the context holds" in (got["message"] if path[:3] == "/v1" else got), got)


@case("apis: errors have the form of their interface")
def _():
    with serving(models.says("ls"), "--ctx", "64") as s:
        for path, form in (("/api/chat", lambda d: d["error"]), ("/v1/chat/completions", lambda d: d["error"]["message"])):
            long = {**message("x" * 100), "stream": False}
            for body, status, text in ((b"nonsense", 400, "JSON"), ({**message("x"), "model": "other"}, 404, "cmdai-script"),
                                       ({**message("x"), "stream": 7}, 400, "stream"), (message("x", "nobody"), 400, "messages[0].role"),
                                       (long, 400, "64"), ({**long, "stream": True}, 400, "64")):
                need(text in form(s.json(path, body, status)), (path, body))
            for method, there, status in (("POST", path + "s", 404), ("GET", path, 405)):
                got, data = s.ask(method, there, None)
                need(got == status and form(json.loads(data)), (there, got, data))
        need(s.json("/v1/chat/completions", long, 400)["error"]["code"] == "context_length_exceeded", "code")
        s.json("/api/pull", {"model": "x"}, 501)
