"""The model that was trained for this task: the one linked into the program, or that of --model."""
import hashlib
import os
import re

import kit
import models
from kit import case, need, run
from schema import Schema

# What a person would take for an answer to these: not the one right command, but no nonsense.
EVERYDAY = [
    ("list all files in current directory", r"^ls\b"),
    ("find files larger than 1GB", r"^find\b.*-size \+(1G|1024M|1048576k)"),
    ("how much free disk space do I have", r"^df\b"),
    ("create a directory called projects", r"^mkdir\b.*\bprojects\b"),
    ("make script.sh executable", r"^chmod\b.*\bscript\.sh\b"),
    ("rename old.txt to new.txt", r"^mv\b.*\bold\.txt\b.*\bnew\.txt\b"),
    ("count lines in main.c", r"\bwc -l\b.*\bmain\.c\b|\bmain\.c\b.*\bwc -l\b"),
    ("show the last 50 lines of /var/log/syslog", r"^tail\b.*50.*/var/log/syslog"),
    ("extract backup.tar.gz", r"^tar\b.*backup\.tar\.gz"),
    ("kill process 4242", r"^kill\b.*\b4242\b"),
    ("who is logged in", r"^(who|w|users)\b"),
    ("show memory usage", r"^free\b|^top\b|^vmstat\b|meminfo"),
]


# docs/MODEL.md says which ones the model of the day gets wrong; a new model may not get more wrong.
EVERYDAY_FLOOR = 12


@case("embedded: everyday requests, at least %d of %d" % (EVERYDAY_FLOOR, len(EVERYDAY)))
def _():
    wrong = []
    for request, pattern in EVERYDAY:
        r = run(*models.trained(), *request.split()).ok()
        r.need(r.out.count(b"\n") == 1, "not one line")
        if not re.search(pattern, r.out.decode("utf-8")):
            wrong.append("%s -> %s" % (request, r.out.decode("utf-8").strip()))
    need(len(EVERYDAY) - len(wrong) >= EVERYDAY_FLOOR, "wrong: " + "; ".join(wrong))


@case("embedded: names come through exactly: {0!r}", ["my-report_v2.pdf", "IMG_4711.JPG", "qzxw.tmp"])
def _(name):
    r = run(*models.trained(), "delete", "the", "file", name).ok()
    r.need(name.encode() in r.out, "the name is not in the command")


@case("embedded: small talk is declined or unsure, never a sure command")
def _():
    unsure = 0
    for request in ("tell me a joke", "what is the meaning of life", "write a poem about the sea"):
        r = run("--json", *models.trained(), request)
        r.need(r.status in (0, 5), "status %d" % r.status)
        unsure += r.status == 5 or r.json()["uncertain"]
    need(unsure >= 2, "%d of 3" % unsure)


@case("embedded: JSON keeps to the schema")
def _():
    d = run("--json", *models.trained(), "-n", "3", "list", "files").ok().json()
    Schema(os.path.join(kit.ROOT, "schemas", "cmdai.answer.1.json")).check(d)
    need(0 < d["confidence"] <= 1 and d["candidates"][0]["command"] == d["command"], d)


@case("embedded: the same from 1, 2 and 3 threads, from words, one word and stdin")
def _():
    def of(*args, **options):
        d = run("--json", *models.trained(), *args, **options).ok().json()
        del d["timing_ms"]
        return d
    words = ["find", "files", "larger", "than", "1GB"]
    whole = of(*words)
    for threads in ("1", "2", "3"):
        need(of("--threads", threads, *words) == whole, threads + " threads differ")
    need(of(" ".join(words)) == whole and of(stdin=" ".join(words).encode() + b"\n") == whole, "ways to ask differ")


@case("embedded: it is the file of the project, named by its hash")
def _():
    if kit.Settings.model or not models.has_embedded():
        raise kit.Skip("this build has no embedded model")
    with open(os.path.join(kit.ROOT, "model", "embedded", "cmdai-tiny.gguf"), "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    d = run("--json", "list", "files").ok().json()
    need(d["model"]["sha256"] == digest and d["model"]["id"].startswith("cmdai-"), d["model"])


@case("embedded: bench and debug use it")
def _():
    m = models.trained()
    need(run("debug", "tokenize", *m, "find files").ok().out.split(), "tokenize")
    run("bench", *m, "--prompt", "8", "--decode", "4", "--repeat", "1").ok()


@case("embedded: an answer takes no second (but a sanitizer may)")
def _():
    m = models.trained()
    best = min(run(*m, "list", "files").ok().seconds for _ in range(5))
    need(best < 0.5 * kit.Settings.slow, "%.2f s at best" % best)
