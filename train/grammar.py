"""The intent grammar of train/intents/*.intents: strict parser and random expansion.

The files are written by hand by several people, so every error names file and line:
a silently dropped phrasing would be a hole in what the model can answer."""
import glob
import os
import re
import zlib
from dataclasses import dataclass, field

import slots

SLOT = re.compile(r"\{([a-z]+)([0-9]*)(?:=((?:[^{}\\]|\\.)*))?\}")
NAME = re.compile(r"[a-z0-9_]+(\.[a-z0-9_-]+)+$")
UNSEEN_PERCENT = 8


class GrammarError(Exception):
    """A format error; its text starts with file:line."""


@dataclass(frozen=True)
class Slot:
    """One `{type2=default}`; quote says in which shell quotes it stands in a command."""
    type: str
    digit: str = ""
    default: str = None
    quote: str = ""

    @property
    def key(self):
        """What makes two slots the same value."""
        return self.type + self.digit


@dataclass
class Phrasing:
    """One hand-written line, parsed; `unseen` lines never reach training."""
    text: str
    tree: list
    line: int
    unseen: bool = False


@dataclass
class Intent:
    """A command template and its phrasings."""
    name: str
    weight: float
    file: str
    line: int
    command: list = None
    phrasings: list = field(default_factory=list)

    @property
    def domain(self):
        """The part of the name before the first dot."""
        return self.name.split(".")[0]


def parse_slot(text, at):
    """The slot at text[at] == '{', and the index behind it."""
    found = SLOT.match(text, at)
    if not found:
        raise GrammarError("bad slot or unescaped brace near '%s'" % text[at:at + 20])
    kind, digit, default = found.groups()
    if kind not in slots.TYPES:
        raise GrammarError("unknown slot type {%s}" % kind)
    if default is not None:
        default = re.sub(r"\\([{}])", r"\1", default)
    return Slot(kind, digit, default), found.end()


def parse_sequence(text, at, closers):
    """Parse up to one of closers. Returns (nodes, index of the closer or end)."""
    nodes, literal = [], ""

    def flush():
        nonlocal literal
        if literal:
            nodes.append(literal)
            literal = ""

    while at < len(text) and text[at] not in closers:
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            if text[at + 1] not in "()[]{}|\\":
                literal += char
            literal += text[at + 1]
            at += 2
        elif char == "{":
            flush()
            slot, at = parse_slot(text, at)
            nodes.append(slot)
        elif char in "([":
            flush()
            node, at = parse_group(text, at)
            nodes.append(node)
        elif char in ")]|":
            raise GrammarError("unexpected '%s'" % char)
        else:
            literal += char
            at += 1
    flush()
    return nodes, at


def parse_group(text, at):
    """`(a|b)` or `[a|b]` at text[at]: a list of branches; an optional adds an empty one."""
    close = ")" if text[at] == "(" else "]"
    branches = [[]] if close == "]" else []
    at += 1
    while True:
        branch, at = parse_sequence(text, at, "|" + close)
        if at >= len(text):
            raise GrammarError("'%s' is missing" % close)
        branches.append(branch)
        at += 1
        if text[at - 1] == close:
            return branches, at


def parse_command(text):
    """A command template: literals and slots that know the quotes they stand in."""
    nodes, literal, quote, at = [], "", "", 0
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            following = text[at + 1]
            literal += following if following in "{}" else char
            at += 2 if following in "{}" else 1
            if following not in "{}" and quote != "'":
                literal += following
                at += 1
        elif char == "{":
            slot, at = parse_slot(text, at)
            nodes += [literal, Slot(slot.type, slot.digit, slot.default, quote)]
            literal = ""
        elif char == "}":
            raise GrammarError("unescaped '}' in the command")
        else:
            if char in "'\"" and quote in ("", char):
                quote = "" if quote else char
            literal += char
            at += 1
    if quote:
        raise GrammarError("open %s in the command" % quote)
    return [n for n in nodes + [literal] if n != ""]


def all_slots(tree):
    """Every slot key that can appear in an expansion."""
    found = set()
    for node in tree:
        if isinstance(node, Slot):
            found.add(node.key)
        elif isinstance(node, list):
            for branch in node:
                found |= all_slots(branch)
    return found


def sure_slots(tree):
    """Slot keys that appear in every expansion."""
    found = set()
    for node in tree:
        if isinstance(node, Slot):
            found.add(node.key)
        elif isinstance(node, list):
            found |= set.intersection(*(sure_slots(branch) for branch in node))
    return found


def check_phrasing(intent, tree):
    """Slots of a phrasing and of the command must fit together."""
    have = {s.key for s in intent.command if isinstance(s, Slot)}
    need = {s.key for s in intent.command if isinstance(s, Slot) and s.default is None}
    # A slot used twice may carry its default only once.
    need -= {s.key for s in intent.command if isinstance(s, Slot) and s.default is not None}
    extra = all_slots(tree) - have
    if extra:
        raise GrammarError("slot {%s} is not in the command" % sorted(extra)[0])
    lacking = need - sure_slots(tree)
    if lacking:
        raise GrammarError("slot {%s} has no default and may be missing" % sorted(lacking)[0])


def is_unseen(text):
    """Held-out by a hash of the line alone, so the split survives any reordering."""
    return zlib.crc32(("line:" + text).encode()) % 100 < UNSEEN_PERCENT


def parse_line(line, number, path, intents):
    """Feed one line of a file into the list of intents."""
    if line.startswith("@"):
        parts = line[1:].split()
        if len(parts) not in (1, 2) or not NAME.match(parts[0]):
            raise GrammarError("expected '@ domain.what [weight]'")
        intents.append(Intent(parts[0], float(parts[1]) if len(parts) == 2 else 1.0, path, number))
        return
    if not intents:
        raise GrammarError("text before the first '@'")
    intent = intents[-1]
    if line.startswith(">"):
        if intent.command is not None:
            raise GrammarError("second command of %s" % intent.name)
        intent.command = parse_command(line[1:].strip())
        return
    if intent.command is None:
        raise GrammarError("phrasing before the command")
    tree, _ = parse_sequence(line, 0, "")
    check_phrasing(intent, tree)
    intent.phrasings.append(Phrasing(line, tree, number, is_unseen(line)))


def parse_file(path, errors):
    """Parse one file; errors are collected so that one bad line doesn't stop the others."""
    intents = []
    with open(path, encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            try:
                parse_line(line, number, os.path.basename(path), intents)
            except (GrammarError, ValueError) as error:
                errors.append("%s:%d: %s" % (os.path.basename(path), number, error))
    for intent in intents:
        if intent.command is None or not intent.phrasings:
            errors.append("%s:%d: %s is empty" % (intent.file, intent.line, intent.name))
    return [i for i in intents if i.command is not None and i.phrasings]


def load(folder, errors):
    """All intents of a folder; names must be unique over all files."""
    intents, seen = [], {}
    for path in sorted(glob.glob(os.path.join(folder, "*.intents"))):
        for intent in parse_file(path, errors):
            where = "%s:%d" % (intent.file, intent.line)
            if intent.name in seen:
                errors.append("%s: %s is also at %s" % (where, intent.name, seen[intent.name]))
                continue
            seen[intent.name] = where
            intents.append(intent)
    for intent in intents:
        if all(p.unseen for p in intent.phrasings):
            intent.phrasings[0].unseen = False
    return intents


def expand(tree, rng):
    """A random expansion: a flat list of literals and slots."""
    flat = []
    for node in tree:
        if isinstance(node, list):
            flat += expand(rng.choice(node), rng)
        else:
            flat.append(node)
    return flat


def fill(intent, phrasing, rng, accept):
    """One sample: ([(text, is_slot)], command, bare). `bare` is the command before the values got
    the quotes that they need. accept(value) filters slot values."""
    flat = expand(phrasing.tree, rng)
    used = {n.key for n in flat if isinstance(n, Slot)}
    values, taken = {}, set()
    for node in intent.command:
        if isinstance(node, Slot) and node.key in used and node.key not in values:
            quoted = any(isinstance(n, Slot) and n.key == node.key and n.quote for n in intent.command)
            values[node.key] = slots.draw(node.type, rng, accept, quoted, taken)
            taken.add(values[node.key][1])
    request = [(values[n.key][0], True) if isinstance(n, Slot) else (n, False) for n in flat]
    command = bare = ""
    defaults = {n.key: n.default for n in intent.command if isinstance(n, Slot) and n.default is not None}
    for node in intent.command:
        if isinstance(node, Slot) and node.key in values:
            command += slots.in_command(values[node.key][1], node.quote)
            bare += values[node.key][1]
        else:
            text = defaults[node.key] if isinstance(node, Slot) else node
            command, bare = command + text, bare + text
    return request, command, bare


def main():
    """Check the grammar: print errors and counts."""
    import sys
    errors = []
    intents = load(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "intents"), errors)
    print("\n".join(errors))
    lines = sum(len(i.phrasings) for i in intents)
    unseen = sum(p.unseen for i in intents for p in i.phrasings)
    print("%d intents, %d phrasing lines (%d held out), %d errors" % (len(intents), lines, unseen, len(errors)))
    return 1 if errors else 0


if __name__ == "__main__":
    raise SystemExit(main())
