"""Noise on requests: what real people do to a clean phrasing.

Works on (text, is_slot) segments and never touches a slot value: a typo in a file name
would teach the model to change what it must copy."""
import re

import words_polite as polite

NEAR = {"a": "sqz", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk", "k": "jl", "l": "k",
        "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe", "x": "zc",
        "y": "tu", "z": "x"}
ARTICLES = re.compile(r"\b(the|a|an|all the|of the|me|my|that are|which are) ", re.I)
SAME = re.compile(r"\b(%s)\b" % "|".join(sorted(polite.SYNONYMS, key=len, reverse=True)), re.I)


def typo(text, rng):
    """One typo inside one word of at least four letters."""
    found = [m for m in re.finditer(r"[A-Za-z]{4,}", text)]
    if not found:
        return text
    match = rng.choice(found)
    word = match.group()
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        word = word[:at] + word[at + 1] + word[at] + word[at + 2:]
    elif kind == 1:
        word = word[:at] + word[at + 1:]
    elif kind == 2:
        word = word[:at] + word[at] + word[at:]
    else:
        word = word[:at] + rng.choice(NEAR.get(word[at].lower(), "e")) + word[at + 1:]
    return text[:match.start()] + word + text[match.end():]


def on_texts(segments, change):
    """Apply change to the parts that aren't slot values."""
    return [(text if is_slot else change(text), is_slot) for text, is_slot in segments]


def synonym(segments, rng):
    """One word of one text segment changed for another of the same meaning."""
    found = [(i, m) for i, (text, is_slot) in enumerate(segments) if not is_slot for m in SAME.finditer(text)]
    if not found:
        return segments
    at, match = rng.choice(found)
    text = segments[at][0]
    word = rng.choice(polite.SYNONYMS[match.group().lower()])
    return segments[:at] + [(text[:match.start()] + word + text[match.end():], False)] + segments[at + 1:]


def one_typo(segments, rng):
    """A typo in one random text segment, longer ones likelier."""
    texts = [i for i, (text, is_slot) in enumerate(segments) if not is_slot]
    if not texts:
        return segments
    at = rng.choices(texts, [len(segments[i][0]) + 1 for i in texts])[0]
    return [(typo(text, rng), False) if i == at else (text, is_slot) for i, (text, is_slot) in enumerate(segments)]


def capital(segments):
    """Upper-case the first letter if it isn't a slot's."""
    text, is_slot = segments[0]
    return segments if is_slot or not text else [(text[0].upper() + text[1:], False)] + segments[1:]


def frame(segments, rng):
    """Politeness, question and context words before and after."""
    roll = rng.random()
    if roll < 0.20:
        segments = [(rng.choice(polite.PREFIXES) + " ", False)] + segments
    elif roll < 0.23:
        segments = [(rng.choice(polite.CONTEXT_BEFORE) + " ", False)] + segments
    roll = rng.random()
    if roll < 0.07:
        segments = segments + [(" " + rng.choice(polite.SUFFIXES), False)]
    elif roll < 0.10:
        segments = segments + [(" " + rng.choice(polite.CONTEXT_AFTER), False)]
    return segments


def tidy(segments):
    """Collapse blanks that optional parts left, and trim the ends."""
    out = []
    for text, is_slot in segments:
        if not is_slot:
            text = re.sub(r"\s+", " ", text)
            if not out or out[-1][0].endswith(" "):
                text = text.lstrip()
        if text:
            out.append((text, is_slot))
    if out and not out[-1][1]:
        out[-1] = (out[-1][0].rstrip(), False)
    return [s for s in out if s[0]] or [("", False)]


def apply(segments, rng):
    """The request as a line of text, with moderate noise."""
    segments = tidy(segments)
    while rng.random() < 0.2:
        segments = synonym(segments, rng)
    segments = frame(segments, rng)
    if rng.random() < 0.08:
        segments = tidy(on_texts(segments, lambda text: ARTICLES.sub("", text)))
    for _ in range(2 if rng.random() < 0.15 else 1):
        if rng.random() < 0.14:
            segments = one_typo(segments, rng)
    roll = rng.random()
    if roll < 0.02:
        segments = on_texts(segments, str.upper)
    elif roll < 0.10:
        segments = on_texts(segments, str.lower)
    elif roll < 0.26:
        segments = capital(segments)
    text = "".join(text for text, _ in tidy(segments))
    return punctuation(text, segments[-1][1], rng)


def punctuation(text, ends_in_slot, rng):
    """Missing, added and doubled marks at the end."""
    roll = rng.random()
    if text.endswith("?") and roll < 0.35:
        return text[:-1]
    if text[-1:].isalnum() or text[-1:] in "'\"":
        if roll < 0.04:
            return text + "?"
        if roll < 0.07:
            return text + ("." if not ends_in_slot else " .")
        if roll < 0.08:
            return text + "!"
    return text


def clean(segments):
    """The request without noise."""
    return "".join(text for text, _ in tidy(segments))
