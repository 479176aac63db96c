"""Load on cmdai serve: many clients for a time, some streaming, some not, each on a connection of its own.

  serve.py PROGRAM [--clients N] [--seconds S] [--rounds R] [--model FILE] [--json FILE]

Prints requests and tokens a second with one client and with N, in turns R times, percentiles of latency, how evenly the
clients were served, and how the server's memory grew. Status 1 if an answer was missing or another one than before, if a client got
less than half of what another one got, or if memory grew by more than 2 % and 4 MB from a fifth of the time on
(where each client had ten answers: the first pass with all prompts at once is the widest, and takes memory for good)."""
import argparse
import asyncio
import json
import re
import signal
import statistics
import subprocess
import sys
import time

PROMPTS = ["list files", "list files by size", "show disk usage of this folder", "find files larger than 1GB", "count the lines of main.c",
           "what uses port 8080", "show the date", "who is logged in", "compress the folder src", "find all python files",
           "show the last 20 lines of app.log", "delete empty folders", "kernel version", "sort names.txt", "replace foo with bar in a.txt"]
GROWTH, GROWTH_BYTES, SETTLED, FAIR = 0.02, 4 << 20, 10, 0.5


class Wrong(Exception):
    """An answer that should not be."""


class Client:
    """One connection, and what came over it."""

    def __init__(self, port, number, known):
        self.port, self.number, self.known = port, number, known
        self.reader = self.writer = None
        self.latencies, self.firsts, self.errors, self.tokens = [], [], [], 0

    async def _head(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        status = int(head.split()[1])
        length = re.search(r"(?i)\r\ncontent-length: (\d+)", head)
        return status, int(length[1]) if length else None

    async def _chunks(self, begun):
        out = b""
        while size := int(await self.reader.readline(), 16):
            if not out:
                self.firsts.append(time.monotonic() - begun)
            out += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)
        return out

    async def get(self, path):
        """A page, as text."""
        await self._open()
        self.writer.write(("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path).encode())
        _, length = await self._head()
        return (await self.reader.readexactly(length)).decode()

    async def _open(self):
        if not self.writer:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, i):
        """One request; streams and whole answers in turns."""
        stream = (i + self.number) % 2 == 0
        prompt = PROMPTS[i % len(PROMPTS)]
        body = json.dumps({"model": "cmdai", "messages": [{"role": "user", "content": prompt}], "stream": stream, "temperature": 0,
                           **({"stream_options": {"include_usage": True}} if stream else {})}).encode()
        await self._open()
        begun = time.monotonic()
        self.writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                          b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        status, length = await self._head()
        data = await (self._chunks(begun) if length is None else self.reader.readexactly(length))
        self.latencies.append(time.monotonic() - begun)
        if status != 200:
            raise Wrong("status %d: %s" % (status, data[:200].decode()))
        self._check(prompt, *(streamed(data) if stream else whole(data)))

    def _check(self, prompt, text, tokens):
        self.tokens += tokens
        if self.known.setdefault(prompt, text) != text:
            raise Wrong("%r was answered with %r and with %r" % (prompt, self.known[prompt], text))

    async def run(self, until):
        """Asks until the time is over."""
        i = self.number * 7
        while time.monotonic() < until:
            try:
                await self.ask(i)
            except (Wrong, OSError, asyncio.IncompleteReadError, ValueError) as e:
                self.errors.append(repr(e))
                self.close()
            i += 1
        self.close()

    def close(self):
        """Ends the connection."""
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


def whole(data):
    """Text and number of tokens of an answer."""
    d = json.loads(data)
    return d["choices"][0]["message"]["content"], d["usage"]["completion_tokens"]


def streamed(data):
    """The same of a stream."""
    events = data.decode().split("\n\n")
    if events[-2:] != ["data: [DONE]", ""]:
        raise Wrong("a stream without its end: %r" % events[-2:])
    parts = [json.loads(e[6:]) for e in events[:-2]]
    text = "".join(c["delta"].get("content", "") for p in parts for c in p["choices"])
    return text, parts[-1]["usage"]["completion_tokens"]


def percentile(values, p):
    """Nearest rank; None of nothing."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * p // 100) - 1)] if ordered else None


async def memory(port, after=0):
    """Bytes that the server holds after so many seconds."""
    await asyncio.sleep(after)
    c = Client(port, 0, {})
    text = await c.get("/metrics")
    c.close()
    return int(re.search(r"(?m)^cmdai_serve_resident_memory_bytes (\d+)$", text)[1])


async def phase(port, clients, seconds, known):
    """So many clients for so long."""
    all_clients = [Client(port, i, known) for i in range(clients)]
    begun = time.monotonic()
    await asyncio.gather(*(c.run(begun + seconds) for c in all_clients))
    took = time.monotonic() - begun
    latencies = [t for c in all_clients for t in c.latencies]
    counts = [len(c.latencies) for c in all_clients]
    firsts = [t for c in all_clients for t in c.firsts]
    return {"clients": clients, "seconds": round(took, 3), "requests": len(latencies), "requests_per_second": round(len(latencies) / took, 2),
            "tokens_per_second": round(sum(c.tokens for c in all_clients) / took, 1),
            "latency_ms": {"p%d" % p: round(1000 * percentile(latencies, p), 2) if latencies else None for p in (50, 95, 99)},
            "first_ms": {"p%d" % p: round(1000 * percentile(firsts, p), 2) if firsts else None for p in (50, 95, 99)},
            "per_client": {"min": min(counts), "max": max(counts)}, "errors": [e for c in all_clients for e in c.errors]}


async def load(port, clients, seconds, rounds):
    """Warm-up, then one client and many clients in turns."""
    known, runs, begun = {}, [], None
    await phase(port, clients, max(1, seconds / 10), known)
    for _ in range(rounds):
        one = await phase(port, 1, max(1, seconds / 10), known)
        many, held = await asyncio.gather(phase(port, clients, seconds, known), memory(port, seconds / 5))
        begun = begun or held
        ratio = many["tokens_per_second"] / (one["tokens_per_second"] or float("inf"))
        runs.append({"one": one, "many": many, "ratio": round(ratio, 3)})
    after = await memory(port)
    return {"rounds": runs, "ratio": statistics.median(r["ratio"] for r in runs),
            "rss_first": begun, "rss_last": after, "growth": round((after - begun) / begun, 4)}


def judge_round(r):
    """What is wrong in one of them, as lines."""
    wrong = ["%s: %d errors, first: %s" % (k, len(r[k]["errors"]), r[k]["errors"][0]) for k in ("one", "many") if r[k]["errors"]]
    counts = r["many"]["per_client"]
    if not r["many"]["requests"] or not r["one"]["requests"]:
        wrong.append("nothing was answered")
    elif counts["min"] < FAIR * counts["max"]:
        wrong.append("not fair: one client had %(min)d answers, another one %(max)d" % counts)
    return wrong


def judge(r):
    """What is wrong, as lines."""
    wrong = [text for one in r["rounds"] for text in judge_round(one)]
    if r["rounds"][0]["many"]["per_client"]["min"] >= SETTLED and r["growth"] > GROWTH and r["rss_last"] - r["rss_first"] > GROWTH_BYTES:
        wrong.append("memory grew by %.1f %%" % (100 * r["growth"]))
    return wrong


def show(r):
    """As text."""
    for p in [one[key] for one in r["rounds"] for key in ("one", "many")]:
        print("%3d clients: %6.1f requests/s, %7.1f tokens/s; ms to the first byte p50 %s p95 %s p99 %s, to the last %s %s %s; per client %d to %d; %d errors" % (
            p["clients"], p["requests_per_second"], p["tokens_per_second"], *p["first_ms"].values(), *p["latency_ms"].values(),
            p["per_client"]["min"], p["per_client"]["max"], len(p["errors"])))
    ratios = [one["ratio"] for one in r["rounds"]]
    print("tokens a second, many clients against one: %.2f x (%.2f to %.2f)" % (r["ratio"], min(ratios), max(ratios)))
    print("memory: %.1f MB, then %.1f MB (%+.2f %%)" % (r["rss_first"] / 1e6, r["rss_last"] / 1e6, 100 * r["growth"]))


def main():
    """See above."""
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("program")
    a.add_argument("--clients", type=int, default=16)
    a.add_argument("--seconds", type=float, default=60)
    a.add_argument("--rounds", type=int, default=1)
    a.add_argument("--model")
    a.add_argument("--json", help="also write the figures to this file")
    o = a.parse_args()
    if min(o.clients, o.rounds) < 1:
        a.error("--clients and --rounds must be at least 1")
    argv = [o.program, "serve", "--port", "0", "--queue", str(max(64, 2 * o.clients)), *(["-m", o.model] if o.model else [])]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as server:
        line = server.stderr.readline()
        port = re.search(r"listening on http://.*:(\d+)$", line.strip())
        if not port:
            sys.exit("the server doesn't start: %s" % line)
        try:
            result = asyncio.run(load(int(port[1]), o.clients, o.seconds, o.rounds))
        finally:
            server.send_signal(signal.SIGTERM)
        status = server.wait(60)
    wrong = judge(result) + (["the server ended with status %d" % status] if status else [])
    show(result)
    if o.json:
        with open(o.json, "w", encoding="utf-8") as f:
            json.dump({"schema": "cmdai.load/2", **result, "wrong": wrong}, f, indent=2)
    for text in wrong:
        print("WRONG: " + text)
    sys.exit(1 if wrong else 0)


main()
