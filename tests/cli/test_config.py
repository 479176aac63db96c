"""Configuration files: what they set, what a project's may not, and errors with their place."""
import os
import random
import re
import resource

import kit
import models
from kit import case, need, run
from schema import Schema


def folders(user=None, project=None):
    """A home and a working directory with these files; keyword arguments for run()."""
    home, work = kit.fresh(), kit.fresh()
    if user is not None:
        os.makedirs(os.path.join(home, ".config/cmdai"))
        with open(os.path.join(home, ".config/cmdai/config.yaml"), "wb") as f:
            f.write(user if isinstance(user, bytes) else user.encode())
    if project is not None:
        with open(os.path.join(work, ".cmdai.yaml"), "wb") as f:
            f.write(project if isinstance(project, bytes) else project.encode())
    return {"env": {"HOME": home}, "cwd": work}


def level(user=None, project=None, *options, env=None):
    """The safety level that `check` used."""
    where = folders(user, project)
    where["env"].update(env or {})
    return run("check", "--json", *options, "ls", **where).ok().json()["safety"]


@case("a project's file that is a pipe keeps nobody waiting")
def _():
    where = folders()
    os.mkfifo(os.path.join(where["cwd"], ".cmdai.yaml"))
    run("check", "ls", **where).fails(2, ".cmdai.yaml", "not a regular file")


@case("precedence: default, user, project, environment, command line")
def _():
    need(level() == "moderate", "default")
    need(level("safety: permissive\n") == "permissive", "user")
    need(level("safety: permissive\n", "safety: moderate\n") == "moderate", "project")
    need(level("safety: permissive\n", "safety: strict\n", env={"CMDAI_SAFETY": "permissive"}) == "permissive", "environment")
    need(level("safety: strict\n", None, "--safety", "moderate", env={"CMDAI_SAFETY": "permissive"}) == "moderate", "flag")


@case("the user's file sets model, format and numbers")
def _():
    user = "model: %s\noutput: json\nmax-tokens: 20\n" % models.says("ls -la")
    need(run("list", **folders(user)).ok().json()["command"] == "ls -la", "")
    run("-o", "plain", "list", **folders(user)).ok(b"ls -la\n")


@case("XDG_CONFIG_HOME is where the user's file is looked for")
def _():
    place = kit.fresh()
    os.makedirs(os.path.join(place, "cmdai"))
    with open(os.path.join(place, "cmdai/config.yaml"), "w", encoding="utf-8") as f:
        f.write("safety: strict\n")
    need(level(env={"XDG_CONFIG_HOME": place}) == "strict", "not read")


@case("an empty file, comments, and no file at all are fine")
def _():
    for text in ("", "# nothing\n", "{}\n"):
        need(level(text, text) == "moderate", text)
    run("--version", env={"HOME": None}).ok()


@case("an error of the configuration names its place: {0!r}", [
    ("safty: strict\n", "config.yaml:1:1: unknown key \"safty\"; did you mean safety?"),
    ("threads: many\n", "config.yaml:1:1: threads must be a whole number"),
    ("output: plain\noutput: json\n", "config.yaml:2:1: the key \"output\" stands twice"),
    ("safety: [strict]\n", "config.yaml:1:1: one value"), ("allow: git\n", "config.yaml:1:1: a list"),
    ("allow: [[a]]\n", "a command is expected"), ("- a\n", "\"key: value\" lines"), ("a: [1\n", "config.yaml:2:1"),
    ("execute: true\n", "unknown key \"execute\""), (b"a: \xff\n", "UTF-8"), ("x: &a 1\n", "anchors")])
def _(text, says):
    for command in (["check", "ls"], ["list"]):
        run(*command, **folders(text)).fails(2, says)
    run("--version", **folders(text)).ok()


@case("a project may not set {0!r}", ["model: x.gguf\n", "backend: cpu\n", "allow: [rm]\n", "safety: permissive\n",
                                      "threads: 1\n", "seed: 3\n"])
def _(text):
    run("check", "ls", **folders(None, text)).fails(2, ".cmdai.yaml:1:1", "a project may")


@case("a project may be stricter than the user, set the format and deny")
def _():
    need(level("safety: moderate\n", "safety: strict\n") == "strict", "stricter")
    run("check", "ls", **folders(None, "output: json\n")).ok().json()
    run("check", "git fetch", **folders("deny: [curl]\n", "deny: [git fetch]\n")).has_status(6)
    run("check", "curl x", **folders("deny: [curl]\n", "deny: [git fetch]\n")).has_status(6)


@case("files that can't be read are errors")
def _():
    where = folders("")
    path = os.path.join(where["env"]["HOME"], ".config/cmdai/config.yaml")
    os.unlink(path)
    os.mkdir(path)
    run("check", "ls", **where).fails(2, "config.yaml")
    os.rmdir(path)
    with open(path, "wb") as f:
        f.write(b"#" * (5 << 20))
    run("check", "ls", **where).fails(2, "config.yaml")


# --- cmdai config ------------------------------------------------------------------------------------------------------

SCHEMA = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.config.1.json"))


def user_path(where):
    """Of the user's file in folders()."""
    return os.path.join(where["env"]["HOME"], ".config/cmdai/config.yaml")


def text_of(where):
    """What the user's file holds."""
    with open(user_path(where), "rb") as f:
        return f.read().decode()


def shown(where, *options):
    """The document of `config show`; settings by key."""
    document = run("config", "show", "-o", "json", *options, **where).ok().silent().json()
    SCHEMA.check(document)
    return document, {s["key"]: s for s in document["settings"]}


def origin(setting):
    """Where a setting comes from, in short."""
    return (setting["value"], setting["from"], setting["file"], setting["line"], setting["variable"])


@case("config show: every setting says where it comes from")
def _():
    where = folders("# mine\nthreads: 2\nsafety: permissive\nmax-tokens: 9\n", "\n\nsafety: moderate\n")
    where["env"].update({"CMDAI_MAX_TOKENS": "20"})
    user, project = user_path(where), os.path.join(where["cwd"], ".cmdai.yaml")
    document, s = shown(where, "--seed", "7")
    need(origin(s["threads"]) == ("2", "user", user, 2, None), s["threads"])
    need(origin(s["safety"]) == ("moderate", "project", project, 3, None), s["safety"])
    need(origin(s["max-tokens"]) == ("20", "environment", None, None, "CMDAI_MAX_TOKENS"), s["max-tokens"])
    need(origin(s["seed"]) == ("7", "command-line", None, None, None), s["seed"])
    need(origin(s["timeout"]) == ("60", "default", None, None, None) and s["timeout"]["default"] == "60", s["timeout"])
    need(origin(s["output"]) == ("json", "command-line", None, None, None), s["output"])
    need(document["user_file"] == {"path": user, "exists": True} and document["project_file"]["exists"], document)
    rows = {line.split()[0]: line.split() for line in run("config", "show", "--seed", "7", **where).ok().silent().lines()}
    need(rows["KEY"] == ["KEY", "VALUE", "FROM"] and rows["threads"] == ["threads", "2", user + ":2"], rows)
    need(rows["safety"] == ["safety", "moderate", project + ":3"] and rows["max-tokens"][2] == "CMDAI_MAX_TOKENS", rows)
    need(rows["seed"] == ["seed", "7", "command", "line"] and rows["ctx"] == ["ctx", "-", "default"], rows)
    need(rows["offline"] == ["offline", "false", "default"], rows)


@case("config show: --json is an output from the command line")
def _():
    document = run("config", "show", "--json", "-v").ok().json()
    output = [s for s in document["settings"] if s["key"] == "output"][0]
    need(origin(output) == ("json", "command-line", None, None, None), output)


@case("config show: each setting of the help is there")
def _():
    _, s = shown(folders())
    names = set(re.findall(r"(?m)--([\w-]+) .*\([A-Z_]+\)$", run("config", "--help").ok().out.decode()))
    need(len(names) > 12 and names == set(s), names ^ set(s))


@case("config show: items of lists, each with its line")
def _():
    where = folders("allow:\n  - git push\ndeny: [curl]\n", "deny:\n  - wget\n  - 'nc -l'\n")
    lists = shown(where)[0]["lists"]
    need([(i["value"], i["from"], i["line"]) for i in lists["allow"]] == [("git push", "user", 2)], lists)
    need([(i["value"], i["from"], i["line"]) for i in lists["deny"]] ==
         [("curl", "user", 3), ("wget", "project", 2), ("nc -l", "project", 3)], lists)
    out = run("config", "show", **where).ok().out.decode()
    need("nc -l" in out and ".cmdai.yaml:3" in out, out)


@case("config show: what could move a terminal's cursor is escaped")
def _():
    out = run("config", "show", env={"CMDAI_MODEL": "a\x1b[2Jb\u202ec"}).ok().out
    need(b"\x1b" not in out and b"\\x1b[2J" in out and b"\\u202e" in out, out)


@case("config show: the password of an address isn't shown")
def _():
    env = {"CMDAI_MODEL": "https://ada:s3cret@host.example/a.gguf"}
    for options in ([], ["-o", "json"]):
        out = run("config", "show", *options, env=env).ok().out
        need(b"s3cret" not in out and b"ada" not in out and b"https://***@host.example/a.gguf" in out, out)
        out = run("config", "show", *options, env={"OLLAMA_HOST": "ada:s3cret@host.example:80"}).ok().out
        need(b"s3cret" not in out and b"ada" not in out and b"***@host.example:80" in out, out)


@case("config show: an address without its query, whatever stands in a password; what is no address stays")
def _():
    for value, shown in (("https://h.example/a.gguf?token=s3cret", b"https://h.example/a.gguf?***"),
                         ("https://h.example/a.gguf#s3cret", b"https://h.example/a.gguf?***"),
                         ("https://ada:s3/cret@h.example/a.gguf", b"https://***@h.example/a.gguf"),
                         ("https://ada:s3#cret@h.example/", b"https://***@h.example/"),
                         ("https://ada:s3cret@h.example/?a=s3cret@b", b"https://***@b"),
                         ("hf:Qwen/Some-GGUF/a.gguf@main", b"hf:Qwen/Some-GGUF/a.gguf@main"),
                         ("./a@b?c.gguf", b"./a@b?c.gguf")):
        out = run("config", "show", env={"CMDAI_MODEL": value}).ok().out
        need(b"cret" not in out and shown in out, out)


@case("config show: a broken configuration is status 2 and names its place")
def _():
    for action in (["show"], ["get", "safety"]):
        run("config", *action, **folders("a: [1\n")).fails(2, "config.yaml:2:1")
        run("config", *action, env={"CMDAI_THREADS": "x"}).fails(2, "CMDAI_THREADS")
    run("config", "path", **folders("a: [1\n")).ok().silent()


@case("config get: the value alone")
def _():
    where = folders("threads: 3\nmodel: \"a b\"\n")
    run("config", "get", "threads", **where).ok(b"3\n").silent()
    run("config", "get", "model", **where).ok(b"a b\n").silent()
    run("config", "get", "safety", **where).ok(b"moderate\n").silent()
    run("config", "get", "offline", **where).ok(b"false\n").silent()
    run("config", "get", "ctx", **where).ok(b"").silent()
    run("config", "get", "safety", "--safety", "strict", **where).ok(b"strict\n")
    document = run("config", "get", "threads", "-o", "json", **where).ok().json()
    SCHEMA.check(document)
    need([origin(s) for s in document["settings"]] == [("3", "user", user_path(where), 1, None)], document)


@case("config path: both files, and whether they are there")
def _():
    where = folders("", None)
    lines = run("config", "path", **where).ok().silent().lines()
    need(lines == ["user     " + user_path(where), "project  %s/.cmdai.yaml (not there)" % where["cwd"]], lines)
    document = run("config", "path", "-o", "json", **where).ok().json()
    SCHEMA.check(document)
    need(document["user_file"] == {"path": user_path(where), "exists": True} and "settings" not in document, document)
    need("none" in run("config", "path", env={"HOME": None}).ok().lines()[0], "no HOME")


@case("config: unknown keys and words: {0}", [
    ("get safty", "did you mean safety?"), ("set safty strict", "did you mean safety?"), ("unset safty", "did you mean safety?"),
    ("get execute", "unknown key"), ("set x y", "unknown key"), ("get allow", "list"), ("set deny rm", "list"),
    ("set allow rm", "by hand"), ("set threads many", "whole number"), ("set safety loose", "one of"), ("set offline 1", "true or false"),
    ("set temperature 1e9", "a number from"), ("set timeout 0", "from 1"), ("get", "usage"), ("set safety", "usage"), ("show me", "usage"),
    ("", "cmdai ask config"), ("edit", "cmdai ask config"), ("get hf-token", "unknown key"), ("get key", "unknown key")])
def _(words, says):
    where = folders()
    run("config", *words.split(), **where).fails(2, says)
    need(not os.path.exists(user_path(where)), "a file was made")


@case("config set: makes folders and file for the user alone, and is read again")
def _():
    where = folders()
    old = os.umask(0)
    try:
        run("config", "set", "safety", "strict", **where).ok(b"").silent()
    finally:
        os.umask(old)
    path = user_path(where)
    need(text_of(where) == "safety: strict\n", text_of(where))
    modes = [os.stat(p).st_mode & 0o777 for p in (path, os.path.dirname(path), os.path.dirname(os.path.dirname(path)))]
    need(modes == [0o600, 0o700, 0o700], modes)
    need(run("check", "--json", "ls", **where).ok().json()["safety"] == "strict", "not used")
    need(os.listdir(os.path.dirname(path)) == ["config.yaml"], "something was left beside it")


@case("config set, unset: all other lines stay, and the mode")
def _():
    text = "# mine\n\nthreads:   4   # half of them\r\nsafety: 'strict'\t# careful\nallow:\n  - git push # mine\nmodel: \"a # b\" # c\n# end"
    where = folders(text)
    os.chmod(user_path(where), 0o640)
    run("config", "set", "threads", "2", **where).ok().silent()
    run("config", "set", "safety", "moderate", **where).ok().silent()
    run("config", "set", "model", "c: d #e", **where).ok().silent()
    run("config", "set", "seed", "5", **where).ok().silent()
    wanted = text.replace("threads:   4   #", "threads: 2   #").replace("'strict'", "moderate").replace('"a # b"', '"c: d #e"')
    need(text_of(where) == wanted + "\nseed: 5\n", text_of(where))
    run("config", "unset", "threads", **where).ok().silent()
    run("config", "unset", "seed", **where).ok().silent()
    need(text_of(where) == wanted.replace("threads: 2   # half of them\r\n", "") + "\n", text_of(where))
    need(os.stat(user_path(where)).st_mode & 0o777 == 0o640, "mode")


@case("config set: a value that is there already changes nothing; unset of what isn't there says so")
def _():
    where = folders("safety: \"strict\"\n")
    before = os.stat(user_path(where)).st_ino
    run("config", "set", "safety", "strict", **where).ok().silent()
    run("config", "unset", "threads", **where).ok(b"").says("not set")
    need(os.stat(user_path(where)).st_ino == before and text_of(where) == "safety: \"strict\"\n", "it was written")
    run("config", "unset", "threads", **folders()).ok().says("not set")


@case("config set: odd values come back as they are: {0!r}", [
    "a b", "-", "--x", "# no", "a: b", "a:", ": a", "'", '"', "\\", "\\n", "a\nb", "tab\there", "\x1b[0m", "~", "true", "[a]", "{a}", "&a", "*a",
    "!a", "|", ">", "%a", "@a", "`a", "é ü 漢", " lead", "trail ", "hf:owner/repo/file.gguf", "C:\\x", "...", "---", "a,b", "", "null", "1e3", "\x7f"])
def _(value):
    where = folders("safety: strict # one\n")
    for start in ("", "model: before # two\n"):
        with open(user_path(where), "w", encoding="utf-8") as f:
            f.write("safety: strict # one\n" + start)
        run("config", "set", "--", "model", value, **where).ok().silent()
        lines = text_of(where).splitlines()
        need(len(lines) == 2 and lines[0] == "safety: strict # one", lines)
        need(lines[1].endswith("# two") == bool(start), lines)
        run("config", "get", "model", **where).ok((value + "\n").encode())


@case("config set: a value that isn't UTF-8 is refused, and the file stays")
def _():
    where = folders("safety: strict\n")
    run("config", "set", "model", b"a\xff", **where).fails(2, "UTF-8")
    need(text_of(where) == "safety: strict\n", text_of(where))


@case("config set: what can't be edited safely is refused: {0!r}", [
    "{safety: strict}\n", "{}\n", "safety:\n  strict\n", "safety: >\n  strict\n", "safety: |-\n  strict\nthreads: 2\n", "\"safety\": strict\n",
    "safety: >-\n  strict\n", "? safety\n: strict\n", "--- {safety: strict}\n", "  safety: strict\n",
    "threads: 2\n...\n", "safety: 'stri\\\n  ct'\n", "- a\n", "a: [1\n", "safety: \"str\\\n  ict\"\n"])
def _(text):
    where = folders(text)
    run("config", "set", "safety", "moderate", **where).has_status(2).one_line("config.yaml:")
    need(text_of(where) == text, "it was changed: %r" % text_of(where))


@case("config unset: what can't be edited safely is refused: {0!r}", [
    ("deny:\n  - rm\n", "deny"), ("deny: [rm]\n", "deny"), ("{safety: strict, seed: 1}\n", "safety"), ("safety: >-\n  strict\n", "safety"),
    ("safety:\n  strict\nseed: 1\n", "safety")])
def _(text, key):
    where = folders(text)
    run("config", "unset", key, **where).fails(2, "by hand")
    need(text_of(where) == text, "it was changed")


@case("config set: the file as a whole must be right afterwards; set and unset can make it so")
def _():
    where = folders("safty: strict\nthreads: many\n")
    run("config", "set", "seed", "1", **where).fails(2, "config.yaml:1:1", "safty")
    run("config", "unset", "safty", **where).ok().says("config.yaml:1:1", "threads")
    run("config", "set", "threads", "2", **where).ok().silent()
    need(text_of(where) == "threads: 2\n", text_of(where))


@case("config set: says when something comes before the file")
def _():
    where = folders(None, "shell: zsh\n")
    where["env"]["CMDAI_SEED"] = "3"
    run("config", "set", "seed", "4", **where).ok().says("CMDAI_SEED", "seed stays \"3\"")
    run("config", "set", "shell", "fish", **where).ok().says(".cmdai.yaml:1", "stays \"zsh\"")
    document = run("config", "set", "seed", "5", "-q", "-o", "json", **where).ok().silent().json()
    SCHEMA.check(document)
    need(origin(document["settings"][0])[:2] == ("3", "environment"), document)
    run("config", "set", "threads", "2", **where).ok().silent()


@case("config set: behind a link the file is changed, not the link")
def _():
    where, real = folders(""), kit.file_with(b"seed: 1\n", "dotfile.yaml")
    os.unlink(user_path(where))
    os.symlink(real, user_path(where))
    run("config", "set", "seed", "2", **where).ok()
    need(os.path.islink(user_path(where)), "the link is gone")
    with open(real, encoding="utf-8") as f:
        need(f.read() == "seed: 2\n", "not changed")


@case("config set: no home, a file in the way, a disk that is full")
def _():
    run("config", "set", "seed", "1", env={"HOME": None}).fails(2, "HOME")
    run("config", "set", "seed", "1", env={"XDG_CONFIG_HOME": kit.file_with(b"")}).fails(1, "can't make the folder")
    where = folders("seed: 1\n")
    run("config", "set", "seed", "2", limits=[(resource.RLIMIT_FSIZE, 0)], **where).fails(1, "config.yaml")
    need(text_of(where) == "seed: 1\n" and os.listdir(os.path.dirname(user_path(where))) == ["config.yaml"], "something is left")


@case("config set: many at once lose nothing")
def _():
    where = folders("")
    keys = {"seed": "1", "threads": "2", "timeout": "3", "max-tokens": "4", "ctx": "5", "candidates": "6", "jobs": "7", "temperature": "0.5"}
    processes = [kit.start("config", "set", k, v, **where) for k, v in keys.items()]
    for p in processes:
        kit.finish(p).ok()
    need(sorted(text_of(where).splitlines()) == sorted("%s: %s" % kv for kv in keys.items()), text_of(where))


@case("config set: drawn files keep all lines but one")
def _():
    draw = random.Random(20261126)
    values = {"seed": ["1", "'2'", "\"3\"", "4 # c"], "model": ["a", "'it''s'", "\"q\\\"#\" # c", "a#b", "a b  # c"], "threads": ["1", "2   #", "\"3\""],
              "timeout": ["9", "8 #x"], "shell": ["zsh", "'bash'"]}
    for _ in range(60):
        keys = draw.sample(sorted(values), draw.randint(0, 5))
        lines = [k + draw.choice([": ", ":   ", " : ", ":\t"]) + draw.choice(values[k]) for k in keys]
        for at in range(draw.randint(0, 3)):
            lines.insert(draw.randint(0, len(lines)), draw.choice(["", "# c: d", "  # e", "#"]))
        end = draw.choice(["\n", "\r\n"])
        text = "".join(line + end for line in lines)
        where = folders(text)
        run("config", "show", **where).ok()
        key = draw.choice(sorted(values))
        value = {"seed": "77", "model": "x: 'y' # z", "threads": "5", "timeout": "6", "shell": "fish"}[key]
        run("config", "set", key, value, **where).ok().silent()
        run("config", "get", key, **where).ok((value + "\n").encode())
        new, old = text_of(where).split(end), text.split(end)
        kept = [n for n in new if n in old]
        need(kept == [o for o in old if o.split(":")[0].strip() != key], "%r became %r" % (text, text_of(where)))
        run("config", "unset", key, **where).ok().silent()
        need(text_of(where) == "".join(o + end for o in kept[:-1]), "%r became %r" % (text, text_of(where)))


@case("a project may set where test cases are")
def _():
    where = folders(None, "fixtures: cases\ngolden: answers\n")
    need(run("config", "get", "fixtures", **where).ok().lines() == ["cases"], "fixtures")
    run("check", "ls", **where).ok()
