"""Samples for training and evaluation, drawn from the grammar."""
import os
import random
import zlib
from collections import Counter, namedtuple

import grammar
import noise
import slots
import tokenizer
import words

HERE = os.path.dirname(os.path.abspath(__file__))
INTENTS = os.path.join(HERE, "intents")
REFUSAL = "# cannot: not a shell task"
REFUSE_SHARE = 0.02
NOISY_SHARE = 0.6
# People ask for these more often than the number of intents tells.
DOMAINS = {"find": 1.5, "files": 1.2, "disk": 1.6}


# A request, its command, and the command before its values were quoted (see placeholders.py).
Pair = namedtuple("Pair", "request command bare")


def reserved(value):
    """One value in sixteen is kept for evaluation; longer ones only, or all of `1..9` would go."""
    return len(value) > 3 and zlib.crc32(("value:" + value).encode()) % 16 == 0


class Source:
    """The grammar and the refusals, split into training and held-out lines."""

    def __init__(self, folder=INTENTS):
        self.errors = []
        self.intents = grammar.load(folder, self.errors)
        self.weights = [DOMAINS.get(i.domain, 1) * i.weight ** 0.6 * len(i.phrasings) ** 0.3 for i in self.intents]
        with open(os.path.join(folder, "refuse.txt"), encoding="utf-8") as stream:
            lines = [l.strip() for l in stream if l.strip() and not l.startswith("#")]
        self.refuse = [l for l in lines if not grammar.is_unseen(l)]
        self.refuse_unseen = [l for l in lines if grammar.is_unseen(l)]

    def refusal(self, rng, lines):
        """A request that is no shell task; a few are made of random words."""
        if rng.random() < 0.15:
            text = " ".join(rng.choice(words.PROSE) if rng.random() < 0.4 else slots.random_letters(rng) for _ in range(rng.randint(1, 6)))
        else:
            text = rng.choice(lines)
        return Pair(noise.apply([(text, False)], rng), REFUSAL, REFUSAL)

    def sample(self, rng, noisy=None):
        """One training pair."""
        if rng.random() < REFUSE_SHARE:
            return self.refusal(rng, self.refuse)
        intent = rng.choices(self.intents, self.weights)[0]
        lines = [p for p in intent.phrasings if not p.unseen]
        return self.fill(intent, rng.choice(lines), rng, lambda v: not reserved(v), noisy)

    def fill(self, intent, phrasing, rng, accept, noisy=None):
        """A pair from a given line."""
        segments, command, bare = grammar.fill(intent, phrasing, rng, accept)
        if noisy is None:
            noisy = rng.random() < NOISY_SHARE
        return Pair(noise.apply(segments, rng) if noisy else noise.clean(segments), command, bare)

    def held_out(self, seed, per_line=1):
        """(domain, request, command) for every unseen phrasing line, ordinary values, no noise."""
        rng = random.Random(seed)
        out = [(i.domain,) + self.fill(i, p, rng, None, False)[:2] for i in self.intents for p in i.phrasings if p.unseen for _ in range(per_line)]
        return out + [("refuse", line, REFUSAL) for line in self.refuse_unseen]

    def new_values(self, seed, count):
        """(domain, request, command) from seen lines whose open slots hold reserved values."""
        rng, out = random.Random(seed), []
        picked = [(i, p) for i in self.intents if any(isinstance(n, grammar.Slot) and n.type in slots.OPEN_TYPES for n in i.command)
                  for p in i.phrasings if not p.unseen and any(k.rstrip("0123456789") in slots.OPEN_TYPES for k in grammar.sure_slots(p.tree))]
        for _ in range(min(count, len(picked) * 4)):
            intent, phrasing = rng.choice(picked)
            out.append((intent.domain,) + self.fill(intent, phrasing, rng, reserved, False)[:2])
        return out

    def learn_tokenizer(self, size, seed=1):
        """A tokenizer from phrasings and commands with the slot values cut out."""
        rng, texts, values = random.Random(seed), [], Counter()
        for intent in self.intents:
            boost = intent.weight ** 0.5
            command = "\0".join(n if isinstance(n, str) else n.default or "" for n in intent.command)
            texts += [(part, 6 * boost) for part in command.split("\0")]
            for phrasing in intent.phrasings:
                for _ in range(2):
                    flat = grammar.expand(phrasing.tree, rng)
                    texts += [(" " + n if n[0].isalpha() else n, boost) for n in flat if isinstance(n, str)]
        polite = noise.polite
        framing = polite.PREFIXES + polite.SUFFIXES + polite.CONTEXT_BEFORE + polite.CONTEXT_AFTER
        texts += [(" " + t, 4) for t in framing] + [(" " + t, 1) for t in self.refuse]
        texts += [(t, 1000) for t in ("user\n", "assistant\n", REFUSAL)]
        value_words = value_corpus(rng)
        return tokenizer.train(texts, value_words, avoid_words(), size)


def value_corpus(rng):
    """Letter runs of slot values, lightly weighted: common ones get tokens, random ones pairs."""
    counts = Counter()
    for word in words.NAMES + words.SEARCHED + words.PROSE + words.EXTENSIONS + words.USERS + words.PACKAGES + words.SERVICES:
        for piece in tokenizer.pretokens(word):
            counts[piece.lstrip("-._/")] += 6
    for _ in range(1500):
        counts[slots.random_letters(rng)] += 1
    return counts


def avoid_words():
    """Words that are also slot values: no space merges, so that they copy evenly."""
    return set(words.NAMES + words.SEARCHED + words.USERS + words.PROCESSES + words.SERVICES) - {"test", "all", "new", "first", "last", "size", "data"}


def main():
    """Print samples for the eye."""
    import sys
    source, rng = Source(), random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    print("\n".join(source.errors))
    for _ in range(40):
        print("%s\n    %s" % source.sample(rng)[:2])


if __name__ == "__main__":
    main()
