"""Byte-level BPE in GPT-2's alphabet with Qwen2's pre-tokenizer.

Merges are learned on words WITHOUT their leading space and with slot values left out, so
the pieces of a value are the same after a space, a quote or a slash: copying is then a
plain shift. Space + whole word merges come last and only for words of the phrasings."""
import collections
import json
import re
import unicodedata

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
FIRST_PLACEHOLDER = 0xE001
ASCII = re.compile(r"'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])|[^\r\nA-Za-z0-9]?[A-Za-z]+|[0-9]"
                   r"| ?[^\sA-Za-z0-9]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CLASSED = re.compile(r"'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])|[^\r\nLN]?L+|N| ?[^sLN]+[\r\n]*|s*[\r\n]+|s+(?!S)|s+")


def byte_alphabet():
    """GPT-2's byte -> printable character table."""
    keep = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table, extra = {b: chr(b) for b in keep}, 0
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(256 + extra)
            extra += 1
    return table


BYTES = byte_alphabet()
UNBYTES = {c: b for b, c in BYTES.items()}


def split_unicode(text):
    """Qwen2's pattern over Unicode categories, walked by hand (the re module lacks \\p)."""
    kind = ["L" if unicodedata.category(c)[0] == "L" else "N" if unicodedata.category(c)[0] == "N" else
            "s" if c.isspace() else "." for c in text]
    pieces, at, end = [], 0, len(text)

    def run(start, test):
        while start < end and test(start):
            start += 1
        return start

    while at < end:
        match = re.match(r"'(?:[st]|re|ve|m|ll|d)", text[at:at + 3], re.I)
        letters = at if kind[at] == "L" else at + 1 if text[at] not in "\r\n" and kind[at] != "N" else end
        marks = at + 1 if text[at] == " " else at
        if match:
            stop = at + match.end()
        elif letters < end and kind[letters] == "L":
            stop = run(letters, lambda i: kind[i] == "L")
        elif kind[at] == "N":
            stop = at + 1
        elif marks < end and kind[marks] == ".":
            stop = run(run(marks, lambda i: kind[i] == "."), lambda i: text[i] in "\r\n")
        else:
            stop = run(at, lambda i: kind[i] == "s")
            breaks = [i for i in range(at, stop) if text[i] in "\r\n"]
            if breaks:
                stop = breaks[-1] + 1
            elif stop < end and stop - at > 1:
                stop -= 1
        pieces.append(text[at:stop])
        at = stop
    return pieces


def pretokens(text):
    """Split text as Qwen2 does."""
    return ASCII.findall(text) if text.isascii() else split_unicode(text)


def to_alphabet(piece):
    """Bytes of a piece in GPT-2's alphabet."""
    return "".join(BYTES[b] for b in piece.encode("utf-8"))


class Tokenizer:
    """Encoder and decoder over a vocabulary list and ranked merges."""

    def __init__(self, tokens, merges):
        self.tokens, self.merges = tokens, merges
        self.ids = {t: i for i, t in enumerate(tokens)}
        self.ranks = {tuple(m): i for i, m in enumerate(merges)}
        self.cache = {}
        self.end, self.start, self.stop = (self.ids[s] for s in SPECIAL)

    @classmethod
    def load(cls, path):
        """Read what save() wrote."""
        with open(path, encoding="utf-8") as stream:
            data = json.load(stream)
        return cls(data["tokens"], [tuple(m) for m in data["merges"]])

    def save(self, path):
        """Write tokens and merges as JSON."""
        with open(path, "w", encoding="utf-8") as stream:
            json.dump({"tokens": self.tokens, "merges": self.merges}, stream, ensure_ascii=False)

    def with_placeholders(self, count):
        """The same with one more token for each placeholder (U+E001 and up) that it lacks. Their
        merges come first, so that nothing else can take their bytes."""
        merges, fresh = [], []
        for text in (to_alphabet(chr(FIRST_PLACEHOLDER + i)) for i in range(count)):
            for pair in ((text[0], text[1]), (text[:2], text[2])):
                if pair[0] + pair[1] not in self.ids and pair not in merges:
                    merges.append(pair)
                    fresh.append(pair[0] + pair[1])
        kept = [t for t in self.tokens if t not in SPECIAL]
        return Tokenizer(kept + fresh + SPECIAL, merges + self.merges)

    def placeholders(self):
        """How many placeholders are tokens."""
        return sum(to_alphabet(chr(FIRST_PLACEHOLDER + i)) in self.ids for i in range(64))

    def piece(self, text):
        """Ids of one pre-token."""
        known = self.cache.get(text)
        if known is not None:
            return known
        parts = list(to_alphabet(text))
        while len(parts) > 1:
            ranked = [(self.ranks.get((a, b), 1 << 30), i) for i, (a, b) in enumerate(zip(parts, parts[1:]))]
            rank, at = min(ranked)
            if rank == 1 << 30:
                break
            parts[at:at + 2] = [parts[at] + parts[at + 1]]
        known = [self.ids[p] for p in parts]
        if len(self.cache) < 200000:
            self.cache[text] = known
        return known

    def encode(self, text):
        """Ids of a text without special tokens."""
        return [i for piece in pretokens(text) for i in self.piece(piece)]

    def prompt(self, request):
        """ChatML around a request, up to where the answer starts."""
        return ([self.start] + self.encode("user\n" + request) + [self.stop] + self.encode("\n")
                + [self.start] + self.encode("assistant\n"))

    def pair(self, request, command):
        """Ids of prompt and answer, and the length of the prompt."""
        head = self.prompt(request)
        return head + self.encode(command) + [self.stop], len(head)

    def decode(self, ids):
        """Text of ids; special tokens are left out."""
        data = bytearray()
        for i in ids:
            if self.tokens[i] not in SPECIAL:
                data += bytes(UNBYTES[c] for c in self.tokens[i])
        return data.decode("utf-8", "replace")


def pair_counts(words):
    """Weighted counts of neighbouring symbols."""
    counts = collections.Counter()
    for parts, weight in words:
        for pair in zip(parts, parts[1:]):
            counts[pair] += weight
    return counts


def learn_merges(counts, limit, least):
    """Plain BPE over {alphabet word: weight}, incremental: only words with the merged pair are touched."""
    words = [(list(word), weight) for word, weight in sorted(counts.items())]
    pairs, where = pair_counts(words), collections.defaultdict(set)
    for index, (parts, _) in enumerate(words):
        for pair in zip(parts, parts[1:]):
            where[pair].add(index)
    merges, made = [], set()
    while len(merges) < limit and pairs:
        best = max(pairs, key=lambda p: (pairs[p], p))
        if pairs[best] < least:
            break
        merges.append(best)
        made.add(best[0] + best[1])
        for index in list(where[best]):
            parts, weight = words[index]
            for pair in zip(parts, parts[1:]):
                pairs[pair] -= weight
            at = 0
            while at < len(parts) - 1:
                if (parts[at], parts[at + 1]) == best:
                    parts[at:at + 2] = [best[0] + best[1]]
                at += 1
            for pair in zip(parts, parts[1:]):
                pairs[pair] += weight
                where[pair].add(index)
        pairs.pop(best, None)
    return merges


def train(texts, value_words, avoid, size):
    """Learn a tokenizer from (text, weight) with slots cut out and from bare value words."""
    bare, spaced = collections.Counter(), collections.Counter()
    for text, weight in texts:
        for piece in pretokens(text):
            if piece[0] == " " and piece[1:].isalpha():
                spaced[to_alphabet(piece[1:])] += weight
                piece = piece[1:]
            elif len(piece) > 1 and piece[1:].isalpha() and not piece[0].isalpha() and piece[0] != "'":
                piece = piece[1:]
            bare[to_alphabet(piece)] += weight
    for word, weight in value_words.items():
        bare[to_alphabet(word)] += weight
    room = size - 256 - len(SPECIAL)
    # Short fragments with a space would split values unevenly, so they must be really frequent words.
    wanted = [w for w, n in spaced.most_common() if n >= (8 if len(w) > 3 else 60) and len(w) > (w != "a") and w not in avoid]
    merges = learn_merges(bare, room - min(len(wanted), room * 2 // 5), 3)
    tokens = [BYTES[b] for b in range(256)]
    for pair in merges:
        if pair[0] + pair[1] not in tokens:
            tokens.append(pair[0] + pair[1])
    whole, space = set(tokens), BYTES[32]
    for word in wanted:
        if len(tokens) + len(SPECIAL) >= size:
            break
        if word in whole and space + word not in whole:
            merges.append((space, word))
            tokens.append(space + word)
    return Tokenizer(tokens + SPECIAL, merges)
