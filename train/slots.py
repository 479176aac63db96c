"""Slot values: what people say and what the shell needs.

Each generator returns (said, filled); names.py makes the names, words.py lists the words."""
import re

import words
from names import base, cased, digits, extension, filename, filepath, folder, name, random_letters, spaced, stem

PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./~-]+$")


def quoted_said(text, rng, must=False):
    """How people write a value: quoted if it has spaces or by habit."""
    if must or (" " in text and rng.random() < 0.9) or rng.random() < 0.07:
        mark = '"' if rng.random() < 0.72 else "'"
        return mark + text + mark
    return text


def same(maker, quotes=True):
    """A slot that is filled as it is said."""
    def make(rng):
        text = maker(rng)
        return (quoted_said(text, rng) if quotes else text), text
    return make


def number_word(value, rng):
    """5 or five."""
    return words.NUMBERS[value] if value in words.NUMBERS and rng.random() < 0.3 else str(value)


def count(rng):
    """{n}: a small or round count, as digits or as a word."""
    value = rng.choice([rng.randint(1, 12), rng.randint(1, 12), rng.choice([5, 10, 15, 20, 25, 30, 50, 100, 200, 500, 1000]),
                        rng.randint(13, 99), rng.randint(100, 9999)])
    return number_word(value, rng), str(value)


def size(rng):
    """{size}: 1GB or two gigs, filled as find and truncate want it."""
    letter, said_units = rng.choice(words.SIZE_UNITS)
    value = rng.choice([rng.randint(1, 10), rng.choice([10, 20, 50, 100, 200, 250, 500]), rng.randint(1, 999)])
    unit = rng.choice(said_units)
    if len(unit) > 2:
        return number_word(value, rng) + " " + unit, "%d%s" % (value, letter)
    return "%d%s%s" % (value, " " if rng.random() < 0.3 else "", unit), "%d%s" % (value, letter)


def number(rng):
    """{num}: digits only."""
    text = str(rng.choice([rng.randint(0, 20), rng.randint(1, 100), rng.randint(100, 9999), rng.randint(1, 99999)]))
    return text, text


def between(low, high):
    """A number slot within a range."""
    def make(rng):
        text = str(rng.randint(low, high))
        return text, text
    return make


def port(rng):
    """{port}: a well-known one or any."""
    text = rng.choice(words.PORTS) if rng.random() < 0.5 else str(rng.randint(1024, 65535))
    return text, text


def ext(rng):
    """{ext}: with or without its dot."""
    text = extension(rng)
    return ("." + text if rng.random() < 0.25 else text), text


def lang(rng):
    """{lang}: a language's name, filled with its extension."""
    return rng.choice(words.LANGUAGES)


def glob(rng):
    """{glob}: a shell pattern."""
    text = rng.choice(["*." + extension(rng), base(rng) + "*", "*" + base(rng) + "*", base(rng) + "_*", "*_" + base(rng),
                       "*-" + digits(rng) + "." + extension(rng), base(rng) + "*." + extension(rng), "*.%s.*" % extension(rng),
                       base(rng) + "-??." + extension(rng), "*." + extension(rng)])
    return quoted_said(text, rng, rng.random() < 0.2), text


def word(rng):
    """{word}: something to search for."""
    roll = rng.random()
    if roll < 0.35:
        text = cased(rng.choice(words.SEARCHED), rng)
    elif roll < 0.75:
        text = name(rng)
    else:
        text = " ".join(rng.choice([rng.choice(words.SEARCHED), rng.choice(words.PROSE), stem(rng)])
                        for _ in range(rng.choice([2, 2, 3])))
    return quoted_said(text, rng, " " in text or rng.random() < 0.35), text


def prose(low, high, quote_share):
    """Free text of some words."""
    def make(rng):
        pick = lambda: stem(rng) if rng.random() < 0.35 else rng.choice(words.PROSE)
        parts = [pick() for _ in range(rng.randint(low, high))]
        text = rng.choice(words.VERBS) + " " + " ".join(parts) if low > 1 and rng.random() < 0.6 else " ".join(parts)
        if rng.random() < 0.15:
            text = text[0].upper() + text[1:]
        return quoted_said(text, rng, rng.random() < quote_share), text
    return make


def user(rng):
    """{user}."""
    text = rng.choice(words.USERS) if rng.random() < 0.55 else random_letters(rng, 3, 8)
    return text, text


def group(rng):
    """{group}."""
    text = rng.choice(words.GROUPS) if rng.random() < 0.6 else random_letters(rng, 3, 8)
    return text, text


def domain_text(rng):
    """example.com or a random one."""
    middle = rng.choice(words.SITES) if rng.random() < 0.4 else base(rng).lower().replace("_", "-")
    prefix = rng.choice(["", "", "", "www.", "api.", "mail.", "docs."])
    return prefix + middle + "." + rng.choice(words.TOPS)


def ip_text(rng):
    """An IPv4 address."""
    if rng.random() < 0.6:
        return rng.choice(["192.168.%d.%d", "10.0.%d.%d", "172.16.%d.%d"]) % (rng.randint(0, 255), rng.randint(1, 254))
    return ".".join(str(rng.randint(1, 254)) for _ in range(4))


def host_text(rng):
    """A host: short name, domain or address."""
    roll = rng.random()
    if roll < 0.35:
        return base(rng).lower().replace("_", "-")
    if roll < 0.55:
        return rng.choice(["web", "db", "app", "node", "srv", "server", "gw", "mail", "pi"]) + rng.choice(["", "01", "2", "-03", "-prod"])
    return domain_text(rng) if roll < 0.8 else ip_text(rng)


def url_text(rng):
    """A URL with an optional path."""
    url = rng.choice(["https://", "https://", "https://", "http://"])
    if rng.random() < 0.12:
        return url.replace("s:", ":") + "localhost:" + port(rng)[0] + rng.choice(["", "/", "/" + base(rng), "/api/" + base(rng)])
    tail = rng.choice(["", "/", "/" + base(rng), "/" + filename(rng).replace(" ", "_"), "/" + base(rng) + "/" + base(rng),
                       "/" + base(rng) + "/" + filename(rng).replace(" ", "-")])
    return url + domain_text(rng) + tail


def mixed(listed, share=0.6, maker=name):
    """A listed value or a made one."""
    return same(lambda rng: rng.choice(listed) if rng.random() < share else maker(rng), quotes=False)


def branch_text(rng):
    """A git branch."""
    roll = rng.random()
    if roll < 0.35:
        return rng.choice(words.BRANCHES)
    text = "-".join(stem(rng) for _ in range(rng.choice([1, 2, 2])))
    return rng.choice(["feature/", "fix/", "bugfix/", "release/", "hotfix/"]) + text if roll < 0.7 else text


def version_text(rng):
    """A tag."""
    text = "%d.%d" % (rng.randint(0, 12), rng.randint(0, 30))
    text += ".%d" % rng.randint(0, 30) if rng.random() < 0.7 else ""
    return rng.choice(["v", "v", "", "release-"]) + text + (rng.choice(["-rc1", "-beta"]) if rng.random() < 0.08 else "")


def commit_text(rng):
    """An abbreviated hash, or HEAD~2."""
    if rng.random() < 0.12:
        return "HEAD~%d" % rng.randint(1, 9)
    return "".join(rng.choice("0123456789abcdef") for _ in range(rng.choice([7, 7, 8, 10])))


def image_text(rng):
    """A container image with an optional tag."""
    image = rng.choice(words.IMAGES) if rng.random() < 0.6 else base(rng).lower()
    if rng.random() < 0.15:
        image = base(rng).lower() + "/" + image
    return image + rng.choice(["", "", ":latest", ":" + str(rng.randint(1, 20)), ":%d.%d" % (rng.randint(0, 20), rng.randint(0, 30)), ":alpine"])


def variable(rng):
    """An environment variable."""
    if rng.random() < 0.45:
        return rng.choice(words.VARIABLES)
    return "_".join(stem(rng).upper() for _ in range(rng.choice([1, 1, 2])))


def mode(rng):
    """Permission digits."""
    text = rng.choice(words.MODES) if rng.random() < 0.75 else "".join(rng.choice("01234567") for _ in range(3))
    return text, text


def date(rng):
    """{date}: several ways to say one ISO date."""
    year, month, day = rng.randint(1995, 2029), rng.randint(1, 12), rng.randint(1, 28)
    iso = "%d-%02d-%02d" % (year, month, day)
    if rng.random() < 0.55:
        return iso, iso
    long = words.MONTHS[month - 1]
    form = rng.choice(["{d} {m} {y}", "{m} {d} {y}", "{m} {d}, {y}", "{d} {s} {y}", "{s} {d} {y}", "{s} {d}, {y}"])
    return form.format(d=day, m=long, s=long[:3], y=year), iso


def timezone(rng):
    """{tz}."""
    text = rng.choice(words.ZONES)
    return text, text


def column(rng):
    """{col}: 2, second, 2nd."""
    value = rng.randint(1, 12)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(value, "th")
    forms = [str(value), str(value), "%d%s" % (value, ending)]
    if value <= len(words.ORDINALS):
        forms.append(words.ORDINALS[value - 1])
    return rng.choice(forms), str(value)


def delim(rng):
    """{delim}."""
    said, filled = rng.choice(words.DELIMITERS)
    return said, filled


def archive(rng):
    """{archive}: a tar file."""
    return path_with(rng, rng.choice(["tar.gz", "tar.gz", "tar.gz", "tgz", "tar.xz", "tar.bz2", "tar"]))


def zipfile(rng):
    """{zip}."""
    return path_with(rng, "zip")


def path_with(rng, ending):
    """A file with a given ending."""
    text = (spaced(rng) if rng.random() < 0.04 else name(rng)) + "." + ending
    if rng.random() < 0.15 and " " not in text:
        where = folder(rng)
        text = text if " " in where else where + "/" + text
    return quoted_said(text, rng), text


def key(rng):
    """{key}: a JSON field, said with or without its dot."""
    part = lambda: rng.choice(words.KEYS) if rng.random() < 0.5 else base(rng).lower().replace("-", "_")
    text = part() if rng.random() < 0.65 else part() + "." + part()
    if text[0].isdigit():
        text = "k" + text
    return ("." + text if rng.random() < 0.3 else text), text


def device_text(rng):
    """A block device."""
    return rng.choice(["/dev/sd%s%d" % (rng.choice("abcdef"), rng.randint(1, 5)), "/dev/sd" + rng.choice("abcdef"),
                       "/dev/nvme%dn1p%d" % (rng.randint(0, 2), rng.randint(1, 4)), "/dev/vda%d" % rng.randint(1, 3), "/dev/mmcblk0p1"])


def mount_text(rng):
    """A mount point."""
    return rng.choice(["/mnt/", "/media/", "/mnt/"]) + (rng.choice(["usb", "data", "disk", "backup", "nas"]) if rng.random() < 0.5 else base(rng))


def signal(rng):
    """{signal}: without SIG when filled."""
    text = rng.choice(["HUP", "TERM", "KILL", "INT", "USR1", "USR2", "STOP", "CONT", "QUIT", "9", "15", "1", "2"])
    said = text
    if not text.isdigit():
        said = rng.choice([text, "SIG" + text, text, "sig" + text.lower() if rng.random() < 0.3 else "SIG" + text])
    return said, text


def duration(rng):
    """{hms}: 5 minutes -> 5m."""
    value, (letter, said_units) = rng.choice([rng.randint(1, 10), rng.choice([15, 20, 30, 45, 60, 90]), rng.randint(1, 99)]), rng.choice(words.TIME_UNITS)
    unit = rng.choice(said_units)
    if len(unit) > 1:
        return "%s %s" % (number_word(value, rng), unit[:-1] if value == 1 and unit[-1] == "s" and len(unit) > 4 else unit), "%d%s" % (value, letter)
    return "%d%s" % (value, unit), "%d%s" % (value, letter)


TYPES = {
    "size": size, "n": count, "num": number, "port": port, "pid": between(2, 99999), "dir": same(folder), "file": same(filepath),
    "base": same(base), "ext": ext, "lang": lang, "glob": glob, "word": word, "name": same(name), "user": user, "group": group,
    "host": same(host_text, False), "ip": same(ip_text, False), "url": same(url_text, False), "domain": same(domain_text, False),
    "iface": mixed(words.IFACES, 0.9), "proc": mixed(words.PROCESSES, 0.65), "service": mixed(words.SERVICES, 0.65),
    "pkg": mixed(words.PACKAGES, 0.6), "branch": same(branch_text, False), "tag": same(version_text, False),
    "commit": same(commit_text, False), "remote": mixed(["origin", "upstream", "fork", "github"], 0.85), "msg": prose(2, 5, 0.65),
    "container": mixed(words.CONTAINERS, 0.45, base), "image": same(image_text, False), "var": same(variable, False),
    "value": same(lambda rng: rng.choice([name(rng), str(rng.randint(0, 9999)), rng.choice(words.VALUES)])), "mode": mode, "date": date,
    "year": between(1990, 2035), "epoch": between(900000000, 1999999999), "tz": timezone, "col": column, "delim": delim,
    "archive": archive, "zip": zipfile, "key": key, "dev": same(device_text, False), "mnt": same(mount_text, False),
    "signal": signal, "hms": duration, "str": prose(1, 4, 0.6),
}
# Values of these types are names; the others are numbers, units and short lists and can't be held out.
OPEN_TYPES = {"dir", "file", "base", "name", "word", "glob", "user", "host", "url", "domain", "proc", "service", "pkg", "branch",
              "msg", "str", "container", "image", "value", "archive", "zip", "key", "mnt", "commit", "ip", "group", "var"}


def draw(kind, rng, accept, inside_quotes, taken):
    """A (said, filled) pair that accept() likes and that no earlier slot of the sample has."""
    for _ in range(400):
        said, filled = TYPES[kind](rng)
        if filled in taken or (inside_quotes and filled.startswith("~")):
            continue
        if accept is None or kind not in OPEN_TYPES or accept(filled):
            break
    return said, filled


def in_command(value, quote):
    """A value as it stands in a command, quoted for the shell when it is not inside quotes."""
    if quote or PLAIN.match(value):
        return value
    if value.startswith("~/"):
        return "~/'" + value[2:] + "'"
    return "'" + value + "'"
