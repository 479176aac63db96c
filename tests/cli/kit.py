"""What the tests of the command line are written with: cases, runs of the program, terminals, TAP output.

A case is a function; it passes if it returns, fails if it raises and is skipped if it raises Skip. Every run of the
program is also held to what holds for all of them: it ends in time, is not killed by a signal, and no sanitizer reports."""
import fcntl
import hashlib
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import termios
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Failure(Exception):
    """The program did something else than a case expects."""


class Skip(Exception):
    """A case cannot be tried here; the text says why."""


class Settings:
    """Of this run of the tests; set by run.py."""
    program = None
    tools = None
    model = None  # a trained model, for what an answer says; None: the embedded one
    slow = 1.0  # factor on all time limits: sanitizers
    folder = None


# --- cases -------------------------------------------------------------------------------------------------------------

CASES = []


def case(name, rows=None):
    """Registers a function as a case, or as one for each row, whose items are its arguments and fill the name."""
    def add(function):
        for row in [()] if rows is None else rows:
            row = row if isinstance(row, tuple) else (row,)
            CASES.append((name.format(*row) if rows is not None else name, function, row))
        return function
    return add


def need(condition, text):
    """Fails with the text unless the condition holds."""
    if not condition:
        raise Failure(text)


def _plain(text):
    return re.sub(r"[^ -~]", lambda m: "\\x%02x" % ord(m[0]), text)


def _report(number, name, function, row):
    """Runs one case; its line of TAP, and the diagnosis if it failed."""
    name = _plain(name)
    try:
        function(*row)
        return "ok %d - %s" % (number, name), ""
    except Skip as why:
        return "ok %d # SKIP %s: %s" % (number, name, _plain(str(why))), ""
    except Failure as why:
        return "not ok %d - %s" % (number, name), str(why)
    except Exception:  # a mistake in the case itself
        return "not ok %d - %s" % (number, name), traceback.format_exc()


def run_cases(pattern):
    """Runs the registered cases whose name holds the pattern; True if none failed."""
    chosen = [c for c in CASES if pattern in c[0]]
    print("1..%d" % len(chosen))
    count = {"ok": 0, "not ok": 0, "skip": 0}
    for number, one in enumerate(chosen, 1):
        line, why = _report(number, *one)
        kind = "skip" if " # SKIP " in line else "not ok" if line.startswith("not") else "ok"
        count[kind] += 1
        print(line, flush=True)
        for text in why.splitlines():
            print("#   " + text)
    print("# %d passed, %d failed, %d skipped" % (count["ok"], count["not ok"], count["skip"]))
    return bool(chosen) and count["not ok"] == 0


# --- places ------------------------------------------------------------------------------------------------------------

_made = 0


def fresh(name=""):
    """A new empty folder; with a name, the path of a file to be made in one."""
    global _made
    _made += 1
    path = os.path.join(Settings.folder, "%04d" % _made)
    os.mkdir(path)
    return os.path.join(path, name) if name else path


def file_with(data, name="file"):
    """A new file with these bytes."""
    path = fresh(name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def tool(name):
    """Path of one of the project's tools, as built beside the program."""
    path = os.path.join(Settings.tools or "", name)
    if not os.path.exists(path):
        raise Skip("the tool %s is not built" % name)
    return path


def build_id():
    """What cmake/build_id.cmake says that the id is, computed here: the sources must be those that were built."""
    names = ["CMakeLists.txt", "VERSION", "tools/mkrules.c"]
    for top, ends in (("src", (".c", ".h")), ("cmake", (".cmake",)), ("model/embedded", (".gguf",))):
        for folder, _, files in os.walk(os.path.join(ROOT, top)):
            names += [os.path.relpath(os.path.join(folder, f), ROOT) for f in files if f.endswith(ends)]
    sums = ""
    for name in sorted(names, key=os.fsencode):
        with open(os.path.join(ROOT, name), "rb") as f:
            sums += "%s  %s\n" % (hashlib.sha256(f.read()).hexdigest(), name)
    return hashlib.sha256(sums.encode()).hexdigest()[:12]


def command(name):
    """Path of a program of this machine."""
    path = shutil.which(name)
    if not path:
        raise Skip("this machine has no %s" % name)
    return path


def start_folder():
    """Called once, before the cases."""
    holder = tempfile.TemporaryDirectory(prefix="cmdai-cli-")
    Settings.folder = holder.name
    return holder


# --- results -----------------------------------------------------------------------------------------------------------

def _show(data, most=1500):
    text = data.decode("utf-8", "backslashreplace")
    return text if len(text) <= most else text[:most] + "... (%d bytes)" % len(data)


def _no_duplicates(pairs):
    need(len({k for k, _ in pairs}) == len(pairs), "a JSON object has a member twice: %s" % [k for k, _ in pairs])
    return dict(pairs)


def _no_constant(name):
    raise Failure("JSON with %s" % name)


def parse_json(data):
    """Exactly one document and its newline, strictly."""
    need(data.endswith(b"\n") and not data.startswith((b" ", b"\n")), "no JSON document and newline: %s" % _show(data))
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except ValueError as e:
        raise Failure("not one JSON document (%s): %s" % (e, _show(data))) from e


class Result:
    """What a run of the program gave. Checks return the result, so that they can be chained."""

    def __init__(self, argv, status, out, err, seconds):
        self.argv, self.status, self.out, self.err, self.seconds = argv, status, out, err, seconds

    def need(self, condition, text):
        """Like need(), with the whole run in the message."""
        words = " ".join(repr(a if isinstance(a, str) else os.fsdecode(a))[:200] for a in self.argv[1:])
        need(condition, "%s\ncmdai %s\nstatus %d after %.2f s\nstdout: %s\nstderr: %s" %
             (text, words, self.status, self.seconds, _show(self.out), _show(self.err)))
        return self

    def has_status(self, status):
        """The exit status is this one."""
        return self.need(self.status == status, "status is %d, expected %d" % (self.status, status))

    def ok(self, out=None):
        """Status 0; with `out`, stdout is exactly these bytes."""
        self.has_status(0)
        if out is not None:
            self.need(self.out == out, "stdout is not %r" % out)
        return self

    def silent(self):
        """Nothing on stderr."""
        return self.need(self.err == b"", "stderr is not empty")

    def says(self, *words):
        """Each of the words is on stderr."""
        for word in words:
            self.need(word in self.err.decode("utf-8", "backslashreplace"), "stderr does not say %r" % word)
        return self

    def fails(self, status, *words):
        """This status, nothing on stdout, and one clear line on stderr that has these words."""
        self.has_status(status)
        self.need(self.out == b"", "a failure wrote to stdout")
        return self.one_line(*words)

    def one_line(self, *words):
        """stderr is one line from the program, fit for a terminal, that has these words."""
        text = self.err.decode("utf-8", "backslashreplace")
        self.need(re.fullmatch(r"cmdai: [^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]{6,}\n", text),
                  "stderr is not one clear line")
        return self.says(*words)

    def json(self):
        """stdout as a JSON document."""
        try:
            return parse_json(self.out)
        except Failure as e:
            self.need(False, str(e))

    def lines(self):
        """stdout as lines."""
        return self.out.decode("utf-8").splitlines()


# --- runs --------------------------------------------------------------------------------------------------------------

SANITIZERS = (b"Sanitizer", b"runtime error:")


def environment(extra=None):
    """Nothing of the person who runs the tests gets into them; None as a value removes a name."""
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": Settings.folder, "TERM": "xterm-256color",
           "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "exitcode=99:detect_leaks=1:allocator_may_return_null=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
    env.update(extra or {})
    return {k: v for k, v in env.items() if v is not None}


# An allocation that fails, as asked for by allocator_may_return_null, is no finding.
REFUSED = re.compile(rb"(?m)^==\d+==WARNING: AddressSanitizer failed to allocate.*\n")


def check_run(result, killed=False):
    """What holds for every run."""
    result.err = REFUSED.sub(b"", result.err)
    for word in SANITIZERS:
        result.need(word not in result.err + result.out, "a sanitizer reports")
    result.need(killed or result.status >= 0, "the program was killed by signal %d" % -result.status)
    return result


def start(*args, close=(), limits=(), **options):
    """Starts the program; descriptors in `close` are closed in it, `limits` are (resource, value)."""
    def prepare():
        for number in close:
            os.close(number)
        for which, value in limits:
            import resource
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(which, (value, value))
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    options["env"] = environment(options.get("env"))
    argv = [Settings.program, *args]
    return subprocess.Popen(argv, preexec_fn=prepare if close or limits else None, **options)


def finish(process, data=None, limit=20, killed=False):
    """Waits for a started program; more than `limit` seconds is a failure."""
    begun = time.monotonic()
    late = False
    try:
        out, err = process.communicate(data, timeout=limit * Settings.slow)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        late = True
    result = Result(process.args, process.returncode, out or b"", err or b"", time.monotonic() - begun)
    result.need(not late, "still running after %.0f seconds" % (limit * Settings.slow))
    return check_run(result, killed)


def run(*args, stdin=b"", limit=20, **options):
    """Runs the program. stdin: bytes, sent through a pipe; a number, used as the descriptor; None: /dev/null."""
    data = stdin if isinstance(stdin, bytes) and stdin else None
    options["stdin"] = subprocess.PIPE if data else subprocess.DEVNULL if stdin in (None, b"") else stdin
    return finish(start(*args, **options), data, limit)


def wait_for(condition, what, limit=10):
    """Polls until the condition holds."""
    end = time.monotonic() + limit * Settings.slow
    while not condition():
        need(time.monotonic() < end, "waited in vain for " + what)
        time.sleep(0.01)


# --- terminals ---------------------------------------------------------------------------------------------------------

def _own_terminal():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def run_on_terminal(*args, typed=b"", after=None, stderr_too=False, limit=20, env=None):
    """Runs the program with a terminal of its own as stdin and stdout; the result's `out` is what appeared on it, byte
    for byte. `typed` is typed once `after(process)` holds; `process.seen` is what has appeared until then."""
    master, slave = pty.openpty()
    mode = termios.tcgetattr(slave)
    mode[1] &= ~termios.OPOST
    mode[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, mode)
    begun = time.monotonic()
    process = subprocess.Popen([Settings.program, *args], stdin=slave, stdout=slave, env=environment(env),
                               stderr=slave if stderr_too else subprocess.PIPE, preexec_fn=_own_terminal)
    os.close(slave)
    process.seen = b""

    def is_time():
        while select.select([master], [], [], 0)[0]:
            try:
                process.seen += os.read(master, 65536)
            except OSError:  # the other end is closed
                break
        return after(process)

    if typed:
        if after:
            wait_for(is_time, "the moment to type", limit)
        os.write(master, typed)
    out = process.seen
    end = begun + limit * Settings.slow
    while time.monotonic() < end:
        ready, _, _ = select.select([master], [], [], 0.05)
        try:
            piece = os.read(master, 65536) if ready else None
        except OSError:  # the other end is closed
            break
        out += piece or b""
        if not ready and process.poll() is not None:
            break
    late = process.poll() is None and time.monotonic() >= end
    if late:
        process.kill()
    err = process.communicate()[1] or b""
    os.close(master)
    result = Result(process.args, process.returncode, out, err, time.monotonic() - begun)
    result.need(not late, "still running")
    return check_run(result)
