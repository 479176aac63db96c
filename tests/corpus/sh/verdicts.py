"""What bash and dash say about the fragments of this folder.

A file *.txt holds fragments of shell text. Each one is the text between a line "%% bash:VERDICT dash:VERDICT" and the newline
in front of the next such line; VERDICT is ok or no. "parser:VERDICT REASON" may follow where our parser differs from bash,
"posix:VERDICT REASON" where it differs from dash. tests/unit/sh_corpus.c holds the parser to the verdicts, tests/cli/test_sh.py holds the verdicts to the shells.

    python3 verdicts.py     records the verdicts anew, for fragments that were added under a bare line "%%"
"""
import glob
import os
import re
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SHELLS = ("bash", "dash")


def files():
    """Paths of all files of fragments."""
    return sorted(glob.glob(os.path.join(HERE, "*.txt")))


def read(path):
    """The fragments of a file: [(verdicts by name, the rest of the line, text)]."""
    found = []
    with open(path, "rb") as f:
        data = b"\n" + f.read()
    for block in data.split(b"\n%%")[1:]:
        line, _, text = block.partition(b"\n")
        words = line.decode().split(" ")
        verdicts = dict(w.split(":") for w in words if re.match(r"(bash|dash|parser|posix):(ok|no)$", w))
        found.append((verdicts, " ".join(w for w in words if w and ":" not in w), text))
    if found:  # the file's last newline belongs to its form
        found[-1] = found[-1][:2] + (found[-1][2][:-1],)
    return found


def judge(shell, texts):
    """What a shell says about each text: ok unless it fails or complains (a warning is no complaint)."""
    env = {"LC_ALL": "C", "PATH": os.environ["PATH"]}
    said = []
    with tempfile.NamedTemporaryFile() as f:
        for text in texts:
            f.seek(0)
            f.truncate()
            f.write(text)
            f.flush()
            r = subprocess.run([shell, "-n", f.name], env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            errors = re.sub(rb"[^\n]*: warning: ((.|\n)*?\(wanted `(.|\n)*?'\)|[^\n]*)\n", b"", r.stderr)
            said.append("no" if r.returncode or errors else "ok")
    return said


def record():
    """Writes the verdicts into the files."""
    for path in files():
        items = read(path)
        said = {shell: judge(shell, [text for _, _, text in items]) for shell in SHELLS}
        with open(path, "wb") as f:
            for i, (verdicts, reason, text) in enumerate(items):
                words = ["%s:%s" % (s, said[s][i]) for s in SHELLS]
                words += ["%s:%s" % (ours, verdicts[ours]) for ours in ("parser", "posix") if ours in verdicts]
                words += [reason] if reason else []
                f.write(b"%% " + " ".join(words).encode() + b"\n" + text + b"\n")


if __name__ == "__main__":
    record()
