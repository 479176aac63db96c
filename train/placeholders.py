"""Literals out of requests and back into commands, by the program's own code (src/answer/literal.c).

tools/literals reads one JSON object a line and answers with one; nothing of it is written twice."""
import json
import os
import subprocess

from data import Pair

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.environ.get("CM_LITERALS", os.path.join(HERE, "..", "build", "release", "tools", "literals"))


class Literals:
    """A running tools/literals; every process has its own, opened when it is first asked."""

    def __init__(self):
        self.owner = self.child = None

    def ask(self, questions):
        """One answer for each question."""
        if self.owner != os.getpid():
            self.child = subprocess.Popen([TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.owner = os.getpid()
        answers = []
        # A few at a time: both pipes hold 64 KiB.
        for start in range(0, len(questions), 64):
            part = questions[start:start + 64]
            self.child.stdin.write("".join(json.dumps(q) + "\n" for q in part).encode())
            self.child.stdin.flush()
            answers += [json.loads(self.child.stdout.readline()) for _ in part]
        return answers

    def hide(self, requests):
        """Requests as the model sees them."""
        return [a["request"] for a in self.ask([{"request": r} for r in requests])]

    def restore(self, requests, replies):
        """Commands out of a model's replies; "" for a reply with a placeholder that stands for nothing."""
        asked = [{"request": r, "reply": a} for r, a in zip(requests, replies)]
        return [a["command"] or "" for a in self.ask(asked)]

    def pairs(self, pairs):
        """Each pair with placeholders, or None where restoring would not give back the command."""
        answers = self.ask([p._asdict() for p in pairs])
        return [Pair(a["request"], a["command"], a["command"]) if a["command"] else None for a in answers]

    def hide_most(self, pairs, raw, rng):
        """A share `raw` of the pairs, and those that can't be restored, stay as they are: so the
        model can be used without placeholders, too."""
        hidden = self.pairs(pairs)
        return [pair if rng.random() < raw or not other else other for pair, other in zip(pairs, hidden)]
