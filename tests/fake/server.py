"""A server that answers as a test wants it to, byte for byte: for the tests of backends. It knows the shapes of Ollama's
and OpenAI's answers (their documentation is the source of both) and nothing of the program that is tested."""
import json
import select
import socket
import struct
import threading
import time


class Request:
    """What came: method, path, headers (lower case) and the body, as JSON if it is that."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        try:
            self.json = json.loads(body) if body else None
        except ValueError:
            self.json = None

    def text(self):
        """The user's words in a conversation, or the raw prompt."""
        messages = (self.json or {}).get("messages") or []
        said = [m["content"] for m in messages if m["role"] == "user"]
        return said[-1] if said else (self.json or {}).get("prompt", "")


class Server:
    """Runs until the end of `with`. `answer(request, wire)` sends what it likes by the wire; without it the connection is
    taken and nothing ever said."""

    def __init__(self, answer=None):
        self.answer, self.requests, self.ended = answer, [], threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self.open, self.most, self.lock = 0, 0, threading.Lock()

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *why):
        self.ended.set()
        self._stop_listening()
        self.thread.join(10)

    def _start(self, work):
        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()

    def _stop_listening(self):
        """Closing alone wakes nobody: a thread that is about to accept would do so at whatever gets this descriptor next,
        which is mostly the server of the next test, and one that waits already keeps the port."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        if threading.current_thread() is not self.thread:
            self.thread.join(10)
        self.listener.close()

    def away(self, seconds):
        """Nobody listens for so long, as while a server starts anew."""
        self._stop_listening()
        self._start(lambda: self._come_back(seconds))

    def _come_back(self, seconds):
        if self.ended.wait(seconds):
            return
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        if self.ended.is_set():
            self.listener.close()
        else:
            self._accept()

    def _accept(self):
        while not self.ended.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire(connection, self.ended)
        try:
            while not self.ended.is_set() and not wire.closed:
                request = wire.read()
                if request is None:
                    break
                with self.lock:
                    self.requests.append(request)
                    self.open += 1
                    self.most = max(self.most, self.open)
                try:
                    if self.answer:
                        self.answer(request, wire)
                    else:
                        wire.hang()
                finally:
                    with self.lock:
                        self.open -= 1
        except (OSError, ValueError):
            pass
        finally:
            wire.close()

    def asked(self, path):
        """The requests for a path so far."""
        with self.lock:
            return [r for r in self.requests if r.path == path]


class Wire:
    """One connection."""

    def __init__(self, connection, ended):
        self.connection, self.ended, self.rest, self.closed = connection, ended, b"", False

    def _line(self):
        while b"\r\n" not in self.rest:
            piece = self.connection.recv(65536)
            if not piece:
                return None
            self.rest += piece
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line.decode("latin-1")

    def read(self):
        """The next request; None at the end of the connection."""
        first = self._line()
        if first is None:
            return None
        method, path, _ = first.split(" ", 2)
        headers = {}
        while True:
            line = self._line()
            if not line:
                break
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        size = int(headers.get("content-length", "0"))
        while len(self.rest) < size:
            piece = self.connection.recv(65536)
            if not piece:
                return None
            self.rest += piece
        body, self.rest = self.rest[:size], self.rest[size:]
        return Request(method, path, headers, body)

    def send(self, data):
        """These bytes."""
        self.connection.sendall(data)

    def head(self, status=200, kind="application/json", **headers):
        """A status line and headers; "_" in their names is "-"."""
        lines = ["HTTP/1.1 %d %s" % (status, "OK" if status == 200 else "No")]
        lines += ["Content-Type: " + kind] if kind else []
        lines += ["%s: %s" % (name.replace("_", "-"), value) for name, value in headers.items()]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def whole(self, body, status=200, kind="application/json", **headers):
        """A whole answer; a body that is no bytes becomes JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.head(status, kind, Content_Length=len(data), **headers)
        self.send(data)

    def chunks(self, pieces, kind, end=True, **headers):
        """An answer in chunks."""
        self.head(200, kind, Transfer_Encoding="chunked", **headers)
        for piece in pieces:
            self.chunk(piece)
        if end:
            self.send(b"0\r\n\r\n")

    def chunk(self, piece):
        """One chunk."""
        self.send(b"%x\r\n%s\r\n" % (len(piece), piece))

    def wait(self, seconds):
        """Waits, but not beyond the end of the server."""
        self.ended.wait(seconds)

    def hang(self, limit=60):
        """Says nothing until the other end goes."""
        end = time.monotonic() + limit
        while not self.ended.is_set() and time.monotonic() < end:
            ready, _, _ = select.select([self.connection], [], [], 0.02)
            if ready and not self.connection.recv(65536):
                break
        self.close()

    def is_left(self):
        """Whether the other end is gone."""
        ready, _, _ = select.select([self.connection], [], [], 0)
        return bool(ready) and not self.connection.recv(65536, socket.MSG_PEEK)

    def half_close(self):
        """Ends what we say; the connection stays."""
        self.connection.shutdown(socket.SHUT_WR)
        self.hang(5)

    def reset(self):
        """Drops the connection in the rudest way."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        """Ends the connection."""
        if not self.closed:
            self.closed = True
            self.connection.close()


# --- Ollama ----------------------------------------------------------------------------------------------------------------

class Ollama:
    """Answers like Ollama; `chat(request, wire)` may answer /api/chat and /api/generate in its place."""
    name, flag, model, stream = "ollama", "--ollama-url", "tiny:latest", "application/x-ndjson"
    path, raw_path = "/api/chat", "/api/generate"
    digest = "0123456789abcdef" * 4

    def __init__(self, text="ls -l", chat=None, models=None, info=None, logprobs=None, done_reason="stop"):
        self.text, self.chat, self.info, self.logprobs, self.done_reason = text, chat, info or {}, logprobs, done_reason
        self.models = [self.model] if models is None else models

    def __call__(self, request, wire):
        if request.path == "/api/tags":
            wire.whole({"models": [{"name": m, "model": m, "digest": self.digest} for m in self.models]})
        elif request.path == "/api/show":
            self.show(request, wire)
        elif request.path in (self.path, self.raw_path):
            (self.chat or self.good)(request, wire)
        else:
            wire.whole(b"404 page not found", 404, "text/plain")

    def show(self, request, wire):
        """What is known of a model."""
        if (request.json or {}).get("model") not in self.models:
            wire.whole({"error": "model '%s' not found" % request.json["model"]}, 404)
        else:
            wire.whole({"details": {"quantization_level": "Q4_K_M"}, "model_info": {"general.architecture": "qwen2", **self.info}})

    def said(self, request):
        """The text for this request."""
        return self.text(request) if callable(self.text) else self.text

    def item(self, request, text, logprobs=None):
        """One piece of text."""
        item = {"model": self.model, "created_at": "2026-01-01T00:00:00Z", "done": False}
        item.update({"response": text} if request.path == self.raw_path else {"message": {"role": "assistant", "content": text}})
        if logprobs is not None:
            item["logprobs"] = [{"token": "x", "logprob": v} for v in logprobs]
        return json.dumps(item, ensure_ascii=False).encode() + b"\n"

    def end(self, request):
        """The last piece."""
        item = {"model": self.model, "done": True, "done_reason": self.done_reason, "total_duration": 5000000, "load_duration": 1000000,
                "prompt_eval_count": 26, "prompt_eval_duration": 130079000, "eval_count": 7, "eval_duration": 4232710000}
        item.update({"response": ""} if request.path == self.raw_path else {"message": {"role": "assistant", "content": ""}})
        return json.dumps(item).encode() + b"\n"

    def pieces(self, request, text=None):
        """A whole answer, a few characters a piece."""
        text = self.said(request) if text is None else text
        values = list(self.logprobs or [])
        for i in range(0, len(text), 3):
            given = None
            if self.logprobs is not None:
                given = [values.pop(0)] if values else []
            yield self.item(request, text[i:i + 3], given)
        yield self.end(request)

    def good(self, request, wire):
        """An answer as it should be."""
        wire.chunks(self.pieces(request), self.stream)

    def error_item(self, text):
        """An error in the middle of a stream."""
        return json.dumps({"error": text}).encode() + b"\n"

    def error(self, text):
        """The body of an error."""
        return {"error": text}

    def half(self, request):
        """The beginning of an answer, which isn't over."""
        return self.item(request, "rm -rf /tmp/x")


# --- OpenAI ----------------------------------------------------------------------------------------------------------------

class OpenAI:
    """Answers like vLLM; `chat(request, wire)` may answer the completions in its place."""
    name, flag, model, stream = "vllm", "--vllm-url", "org/tiny", "text/event-stream"
    path, raw_path = "/v1/chat/completions", "/v1/completions"

    def __init__(self, text="ls -l", chat=None, models=None, own=None, logprobs=None, finish="stop", done=True):
        self.text, self.chat, self.own, self.logprobs, self.finish, self.done = text, chat, own, logprobs, finish, done
        self.models = [self.model] if models is None else models

    def __call__(self, request, wire):
        if request.path == "/v1/models":
            extra = {"cmdai": self.own} if self.own else {}
            wire.whole({"object": "list", "data": [{"id": m, "object": "model", "owned_by": "vllm", **extra} for m in self.models]})
        elif request.path in (self.path, self.raw_path):
            (self.chat or self.good)(request, wire)
        else:
            wire.whole({"detail": "Not Found"}, 404)

    said = Ollama.said

    def event(self, document):
        """One event."""
        return b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n"

    def item(self, request, text, logprobs=None, finish=None):
        """One piece of text."""
        choice = {"index": 0, "finish_reason": finish}
        choice.update({"text": text} if request.path == self.raw_path else {"delta": {"content": text}})
        if logprobs is not None:
            raw = request.path == self.raw_path
            choice["logprobs"] = {"token_logprobs": logprobs} if raw else {"content": [{"token": "x", "logprob": v} for v in logprobs]}
        return self.event({"id": "x", "object": "chat.completion.chunk", "model": self.model, "choices": [choice]})

    def end(self, request):
        """The last events."""
        usage = {"prompt_tokens": 26, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 16}}
        return (self.item(request, "", finish=self.finish) + self.event({"id": "x", "choices": [], "usage": usage}) +
                (b"data: [DONE]\n\n" if self.done else b""))

    pieces = Ollama.pieces

    def good(self, request, wire):
        """An answer as it should be."""
        wire.chunks(self.pieces(request), self.stream)

    def error_item(self, text):
        """An error in the middle of a stream."""
        return self.event({"error": {"message": text, "type": "server_error", "code": 500}})

    def error(self, text):
        """The body of an error."""
        return {"error": {"message": text, "type": "invalid_request_error"}}

    def half(self, request):
        """The beginning of an answer, which isn't over."""
        return self.item(request, "rm -rf /tmp/x")
