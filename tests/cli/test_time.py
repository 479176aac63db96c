"""Deadlines and signals."""
import os
import signal
import subprocess
import time

import kit
import models
from kit import case, need, run

LONG = ["--ctx", "65536", "--max-tokens", "60000"]


def talker():
    """A model that would talk for minutes."""
    return ["-m", models.endless(), *LONG]


def soon(result, least, most):
    """The run took about that many seconds."""
    return result.need(least <= result.seconds < least + most * kit.Settings.slow,
                       "after %.2f s, not %.1f to %.1f" % (result.seconds, least, least + most * kit.Settings.slow))


def is_busy(process):
    """Whether a started program has computed for a while, so that it is past its beginning."""
    with open("/proc/%d/stat" % process.pid, encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") > 0.3


def interrupt(*args, signals=(signal.SIGINT,), **options):
    """Starts the program, and sends it signals once it is busy."""
    process = kit.start(*args, **options)
    try:
        kit.wait_for(lambda: process.poll() is not None or is_busy(process), "the program to be busy")
        need(process.poll() is None, "the program ended by itself with status %s" % process.poll())
    except kit.Failure:
        process.kill()
        process.communicate()
        raise
    begun = time.monotonic()
    for number in signals:
        process.send_signal(number)
    r = kit.finish(process, limit=5, killed=True)
    r.seconds = time.monotonic() - begun
    return r


# --- deadlines -------------------------------------------------------------------------------------------------------------

@case("--timeout while generating: status 8, one line, in time")
def _():
    soon(run(*talker(), "--timeout", "1", "list").fails(8, "timed out"), 0.9, 1)


@case("--timeout: JSON has the status, the model and the time that passed")
def _():
    r = soon(run("--json", *talker(), "--timeout", "1", "list").has_status(8).one_line("timed out"), 0.9, 1)
    d = r.json()
    need("timed out" in d["error"] and d["command"] is None and d["backend"] == "cpu", d)
    need(900 <= d["timing_ms"]["total"] <= 1000 * r.seconds + 20, "times: %s" % d["timing_ms"])


@case("--timeout while computing a long prompt")
def _():
    words = "word " * 10000
    soon(run(*talker(), "--timeout", "1", words).fails(8, "timed out"), 0.9, 2)


@case("--timeout with several candidates")
def _():
    soon(run(*talker(), "-n", "8", "--timeout", "1", "list").fails(8, "timed out"), 0.9, 1)


@case("--timeout longer than the work changes nothing")
def _():
    run("-m", models.says("ls"), "--timeout", "86400", "list").ok(b"ls\n").silent()


# --- Ctrl-C ------------------------------------------------------------------------------------------------------------------

@case("{0} while generating: status 130, one line, at once", ["SIGINT", "SIGTERM"])
def _(name):
    r = interrupt(*talker(), "list", signals=[getattr(signal, name)])
    soon(r.fails(130, "interrupted"), 0, 1)


@case("Ctrl-C while computing a long prompt")
def _():
    soon(interrupt(*talker(), "word " * 10000).fails(130, "interrupted"), 0, 1)


@case("Ctrl-C: JSON too")
def _():
    r = interrupt("--json", *talker(), "list").has_status(130).one_line("interrupted")
    need(r.json()["command"] is None and "interrupted" in r.json()["error"], r.out)


@case("Ctrl-C typed on a terminal")
def _():
    r = kit.run_on_terminal(*talker(), "list", typed=b"\x03", after=is_busy, limit=10)
    r.fails(130, "interrupted")


@case("Ctrl-C twice ends at once")
def _():
    r = interrupt(*talker(), "list", signals=[signal.SIGINT, signal.SIGINT])
    r.need(r.status == 130, "status %d" % r.status)


@case("Ctrl-C while stdin is waited for: {0}", ["words", "no words"])
def _(kind):
    process = kit.start("-m", models.says("ls"), *(["list"] if kind == "words" else []), stdin=subprocess.PIPE)
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    try:
        process.wait(3 * kit.Settings.slow)
    except subprocess.TimeoutExpired:
        process.kill()
    took = time.monotonic() - begun
    r = kit.finish(process, killed=True)
    r.need(took < 1.5 * kit.Settings.slow, "the program went on waiting")
    r.fails(130, "interrupted")


@case("Ctrl-C ends every command that takes long: {0}", ["bench", "bench load", "debug generate"])
def _(name):
    m = models.endless()
    args = {"bench": ["bench", "-m", m, "--prompt", "8", "--decode", "30000", "--repeat", "1000"],
            "bench load": ["bench", "-m", m, "--prompt", "20000", "--decode", "1", "--repeat", "1000"],
            "debug generate": ["debug", "generate", "-m", m, "--text", "x " * 20000, "--ctx", "100000", "-n", "4000"]}
    r = interrupt(*args[name])
    r.need(r.status in (130, -signal.SIGINT), "status %d" % r.status)
    soon(r, 0, 2)
    r.need(r.out == b"", "half a report")


@case("Ctrl-C during models quantize leaves nothing behind")
def _():
    folder = kit.fresh()
    big = kit.fresh("big.gguf")
    meta, tensors = models.script_parts({"\n": [("ls", 1.0)]})
    row = models.floats([((i * 7919) % 1000 - 500) / 500 for i in range(4096)])
    for i in range(12):
        tensors["blk.%d.ffn_up.weight" % (i + 1)] = ((4096, 1024), models.TYPE_F32, row * 1024)
    models.write(big, meta, tensors)
    r = interrupt("models", "quantize", big, os.path.join(folder, "out.gguf"), "Q5_K_M", "--requantize", "--threads", "1")
    os.unlink(big)
    r.need(r.status in (130, -signal.SIGINT), "status %d" % r.status)
    need(os.listdir(folder) == [], "left behind: %s" % os.listdir(folder))


@case("SIGPIPE and SIGHUP have no message of their own")
def _():
    r = interrupt(*talker(), "list", signals=[signal.SIGHUP])
    r.need(r.status == -signal.SIGHUP and r.err == b"", "status %d" % r.status)
