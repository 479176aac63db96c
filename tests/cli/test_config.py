"""Configuration files: what they set, what a project's may not, and errors with their place."""
import os

import kit
import models
from kit import case, need, run


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
