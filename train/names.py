"""Names of files, folders and things.

They must be copied, not remembered, so about 40 % of their parts are random strings, and
every list is multiplied by separators, digits and extensions."""
import string

import words

RANDOM_SHARE = 0.4


def random_letters(rng, low=2, high=8):
    """A random string: half pronounceable, half noise."""
    length = rng.randint(low, high)
    if rng.random() < 0.5:
        pair = lambda: rng.choice("bcdfghjklmnpqrstvwxz") + rng.choice("aeiouy")
        return "".join(pair() for _ in range(length // 2 + 1))[:length]
    return "".join(rng.choice(string.ascii_lowercase) for _ in range(length))


def stem(rng):
    """One word of a name."""
    if rng.random() < RANDOM_SHARE:
        return random_letters(rng)
    return rng.choice(words.NAMES)


def cased(text, rng):
    """Mostly as it is, sometimes Capital or UPPER."""
    roll = rng.random()
    return text.upper() if roll < 0.04 else text.capitalize() if roll < 0.14 else text


def name(rng):
    """A person-made identifier of one to three parts."""
    roll = rng.random()
    text = cased(stem(rng), rng)
    if roll < 0.45:
        return text
    separator = rng.choice("-__-.") if roll < 0.97 else ""
    text += separator + (stem(rng) if roll < 0.75 else digits(rng))
    if rng.random() < 0.12:
        text += rng.choice("-_") + (stem(rng) if rng.random() < 0.5 else digits(rng))
    return text


def base(rng):
    """A bare name without a dot."""
    return name(rng).replace(".", "-")


def digits(rng):
    """A number inside a name: an index, a version, a year, a date."""
    return rng.choice([str(rng.randint(0, 20)), str(rng.randint(1, 999)), "v%d" % rng.randint(1, 9),
                       str(rng.randint(1998, 2030)), "%02d" % rng.randint(0, 31),
                       "%d%02d%02d" % (rng.randint(2010, 2029), rng.randint(1, 12), rng.randint(1, 28))])


def spaced(rng):
    """A name with spaces."""
    parts = [cased(stem(rng), rng) for _ in range(rng.choice([2, 2, 3]))]
    if rng.random() < 0.3:
        parts[-1] = digits(rng)
    return " ".join(parts)


def extension(rng):
    """An extension, rarely an unheard-of one."""
    return random_letters(rng, 2, 4) if rng.random() < 0.08 else rng.choice(words.EXTENSIONS)


def folder(rng):
    """A relative, absolute or home directory."""
    roll = rng.random()
    if roll < 0.13:
        return rng.choice(words.SYSTEM_DIRS)
    if roll < 0.24:
        return rng.choice(words.HOME_DIRS)
    if roll < 0.54:
        return base(rng)
    parts = "/".join(base(rng) for _ in range(rng.choice([1, 1, 2])))
    if roll < 0.62:
        return "~/" + parts
    if roll < 0.70:
        return rng.choice(["./", "./", "../"]) + parts
    if roll < 0.82:
        return rng.choice(words.ROOTS) + "/" + parts
    if roll < 0.88:
        return "/" + parts
    if roll < 0.91:
        return "." + base(rng)
    return spaced(rng) if roll < 0.96 else base(rng) + "/" + parts


def filename(rng):
    """A file name with its extension."""
    roll = rng.random()
    if roll < 0.06:
        return rng.choice(words.BARE_FILES)
    if roll < 0.09:
        return "." + base(rng)
    stem_text = spaced(rng) if roll < 0.13 else name(rng)
    return stem_text + "." + extension(rng)


def filepath(rng):
    """A file, mostly a bare name, sometimes with its folder."""
    roll = rng.random()
    if roll < 0.08:
        return rng.choice(words.SYSTEM_FILES)
    if roll < 0.72:
        return filename(rng)
    where = folder(rng)
    if " " in where:
        where = base(rng)
    return where + "/" + filename(rng).replace(" ", "_")
