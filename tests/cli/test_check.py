"""cmdai check: verdicts as text, as JSON, of many commands, and for coding agents. Which command gets which risk is the
matter of tests/corpus/safety; here it is about the command around the rules."""
import json
import os
import subprocess
import time

import kit
from kit import case, need, run
from schema import Schema

SCHEMA = Schema(os.path.join(kit.ROOT, "schemas", "cmdai.check.1.json"))
STATUS = {"run": 0, "confirm": 7, "block": 6}
SAFE, MODERATE, HIGH, CRITICAL = "ls -l", "rm notes.txt", "git push --force", "rm -rf /"


def verdict(command, *options, stdin=b""):
    """The checked document, whose decision agrees with the exit status."""
    r = run("check", "-o", "json", *options, "--", command, stdin=stdin)
    d = r.json()
    SCHEMA.check(d)
    need(d["command"] == command, d)
    r.has_status(STATUS[d["decision"]]).silent()
    return d


@case("{1} at level {0} gives {2}", [
    ("strict", SAFE, "run"), ("moderate", SAFE, "run"), ("permissive", SAFE, "run"),
    ("strict", MODERATE, "confirm"), ("moderate", MODERATE, "run"), ("permissive", MODERATE, "run"),
    ("strict", HIGH, "block"), ("moderate", HIGH, "confirm"), ("permissive", HIGH, "run"),
    ("strict", CRITICAL, "block"), ("moderate", CRITICAL, "block"), ("permissive", CRITICAL, "confirm")])
def _(level, command, decision):
    d = verdict(command, "--safety", level)
    need(d["decision"] == decision and d["safety"] == level, d)


@case("what can't be resolved is confirmed, and blocked when strict")
def _():
    for level, decision in (("strict", "block"), ("moderate", "block"), ("permissive", "confirm")):
        d = verdict('eval "$(cat x | base64 -d)"', "--safety", level)
        need(d["unresolved"] and d["decision"] == decision, d)


@case("text: one line, the findings, the status")
def _():
    run("check", SAFE).ok(b"safe: run\n").silent()
    r = run("check", CRITICAL).has_status(6).silent()
    lines = r.lines()
    r.need(lines[0] == "critical: block" and lines[1].startswith("  critical: fs."), "not the expected text")


@case("spans are the words themselves")
def _():
    command = "echo ok; sudo rm -rf /; echo done"
    d = verdict(command)
    worst = d["findings"][0]
    need("rm" in command[worst["start"]:worst["end"]] or command[worst["start"]:worst["end"]] == "/", d)


@case("--explain shows the commands that would really run, underlined")
def _():
    r = run("check", "--explain", "sudo sh -c 'rm -rf /tmp/x'").has_status(0)
    text = r.out.decode()
    r.need("rm -rf /tmp/x   [as root]" in text and "~~" in text, "no commands")
    d = verdict("sudo sh -c 'rm -rf /tmp/x'", "--explain")
    words = [[w["text"] for w in c["words"]] for c in d["commands"]]
    need(["rm", "-rf", "/tmp/x"] in words and words[0][0] == "sudo", words)
    need(all(c["root"] for c in d["commands"] if c["words"][0]["text"] == "rm"), d)


@case("nothing odd reaches the terminal: {0!r}", ["ls \x1b[31m", "rm \u202e x", "a\x07b\u200b", "x\nrm -rf /\x1b]0;t\x07"])
def _(command):
    for options in ([], ["--explain"], ["--json"]):
        r = run("check", *options, command)
        r.need(not any(c in r.out.decode() for c in "\x1b\x07\u202e\u200b"), "a control character came through")


# --- many commands -------------------------------------------------------------------------------------------------------

def documents(r):
    """The lines of a stream, each checked."""
    out = [kit.parse_json(line + b"\n") for line in r.out.split(b"\n")[:-1]]
    for d in out:
        SCHEMA.check(d)
    return out


@case("-: one object a line, in order, and the worst decision as status")
def _():
    commands = [SAFE, HIGH, "", "echo 'a b'", CRITICAL, SAFE]
    r = run("check", "-", stdin="\n".join(commands).encode() + b"\n").has_status(6).silent()
    need([d["command"] for d in documents(r)] == commands, "not the commands")
    run("check", "-", stdin=b"ls\npwd").ok()
    run("check", "-", stdin=b"ls\ngit push --force\n").has_status(7)
    run("check", "-", stdin=b"").ok(b"")


@case("- -0: commands may have newlines")
def _():
    r = run("check", "-0", "-", stdin=b"for i in 1; do\n  ls\ndone\0rm -rf /\n\0").has_status(6)
    need([d["command"] for d in documents(r)] == ["for i in 1; do\n  ls\ndone", "rm -rf /\n"], r.out)


@case("-: each command is answered before the next one comes")
def _():
    process = kit.start("check", "-", stdin=subprocess.PIPE)
    for command in (SAFE, CRITICAL):
        process.stdin.write(command.encode() + b"\n")
        process.stdin.flush()
        need(json.loads(process.stdout.readline())["command"] == command, "another command was answered")
    kit.finish(process).has_status(6)


@case("-: hostile input is answered line by line and never `run`")
def _():
    lines = [b"rm -rf \xff/", b"\x00", b"$(" * 5000, b"a" * 70000, b"((((", b"'"]
    r = run("check", "-", stdin=b"\n".join(lines) + b"\n")
    found = documents(r)
    need(len(found) == len(lines) and all(d["decision"] != "run" for d in found), [d["decision"] for d in found])


@case("-: a line beyond all limits is an error")
def _():
    run("check", "-", stdin=b"a" * (5 << 20)).fails(2, "stdin")


@case("-: 20,000 commands take no second for each 20,000 expected to be far below")
def _():
    begun = time.monotonic()
    run("check", "-", stdin=b"find . -name '*.c' | xargs grep -n main\n" * 20000, limit=20).ok()
    need(time.monotonic() - begun < 10 * kit.Settings.slow, "far too slow")


# --- agents --------------------------------------------------------------------------------------------------------------

def hook(call, *options):
    """The answer to a tool call."""
    return run("check", "--hook", *options, stdin=json.dumps(call).encode()).ok().silent().json()


@case("hook: Claude Code's PreToolUse: {0} is {1}", [(SAFE, "allow"), (HIGH, "ask"), (CRITICAL, "deny")])
def _(command, permission):
    d = hook({"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}, "cwd": "/tmp"})
    out = d["hookSpecificOutput"]
    need(set(d) == {"hookSpecificOutput"} and out["hookEventName"] == "PreToolUse", d)
    need(out["permissionDecision"] == permission and out["permissionDecisionReason"].startswith("cmdai: "), d)


@case("hook: Cursor's beforeShellExecution: {0} is {1}", [(SAFE, "allow"), (HIGH, "ask"), (CRITICAL, "deny")])
def _(command, permission):
    d = hook({"hook_event_name": "beforeShellExecution", "command": command, "cwd": "/tmp"})
    need(d["permission"] == permission and d["agent_message"] == d["user_message"], d)


@case("hook: Gemini's BeforeTool: {0} is {1}", [(SAFE, "allow"), (HIGH, "deny"), (CRITICAL, "deny")])
def _(command, permission):
    d = hook({"hook_event_name": "BeforeTool", "tool_name": "run_shell_command", "tool_input": {"command": command}})
    need(d["decision"] == permission and d["reason"], d)


@case("hook: Copilot's preToolUse: {0} is {1}", [(SAFE, "allow"), (HIGH, "ask"), (CRITICAL, "deny")])
def _(command, permission):
    d = hook({"toolName": "bash", "toolArgs": {"command": command}, "cwd": "/tmp"})
    need(d["permissionDecision"] == permission and d["permissionDecisionReason"], d)


@case("hook: Copilot's arguments may be a text that holds JSON: {0} is {1}", [(SAFE, "allow"), (HIGH, "ask"), (CRITICAL, "deny")])
def _(command, permission):
    d = hook({"toolName": "bash", "toolArgs": json.dumps({"command": command}), "cwd": "/tmp"})
    need(d["permissionDecision"] == permission, d)


@case("hook: a command that isn't text is a person's to judge: {0!r}", [["bash", "-lc", "rm -rf /"], {"line": "ls"}, None, 7, True])
def _(command):
    for call in ({"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}},
                 {"hook_event_name": "beforeShellExecution", "command": command}, {"toolName": "bash", "toolArgs": {"command": command}}):
        d = hook(call)
        need((d.get("hookSpecificOutput") or d).get("permissionDecision", d.get("permission")) == "ask", (call, d))
    d = hook({"hook_event_name": "BeforeTool", "tool_name": "run_shell_command", "tool_input": {"command": command}})
    need(d["decision"] == "deny", d)
    need(hook({"toolName": "bash", "toolArgs": "{\"command\": "})["permissionDecision"] == "ask", "arguments that are no JSON")


@case("hook: a tool without a command gets no opinion")
def _():
    need(hook({"hook_event_name": "PreToolUse", "tool_name": "Read", "tool_input": {"file_path": "/etc/passwd"}}) == {}, "")


@case("hook: the call's directory counts")
def _():
    call = {"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "rm -rf ./*"}}
    need(hook({**call, "cwd": "/"})["hookSpecificOutput"]["permissionDecision"] == "deny", "the root directory")
    need(hook({**call, "cwd": "/home/ada/work"})["hookSpecificOutput"]["permissionDecision"] == "ask", "a project")


@case("hook: what can't be read is refused: {0!r}", [b"", b"{", b"[]", b"null", b"\xff", b"{} {}", b"[" * 100000])
def _(data):
    run("check", "--hook", stdin=data).fails(2, "tool call")


# --- lists of the user ---------------------------------------------------------------------------------------------------

def with_config(text, command, *options):
    """The document under a user's configuration."""
    home = kit.fresh()
    os.makedirs(os.path.join(home, ".config/cmdai"))
    with open(os.path.join(home, ".config/cmdai/config.yaml"), "w", encoding="utf-8") as f:
        f.write(text)
    return run("check", "-o", "json", *options, "--", command, env={"HOME": home})


@case("allow: a shape makes its command run, and nothing else: {0} -> {1}", [
    ("git push --force-with-lease", 0), ("git push --force-with-lease origin main", 0), ("git push --force", 7),
    ("git push --force-with-lease; git push --force", 7), ("echo git push --force-with-lease; rm -rf /home/nobody/src", 7)])
def _(command, status):
    with_config("allow:\n  - git push --force-with-lease\n", command).has_status(status)


@case("allow: never below critical")
def _():
    with_config("allow:\n  - rm\n  - dd\n", "rm -rf /").has_status(6)
    with_config("allow:\n  - rm\n", "rm -rf src").has_status(0)
    with_config("allow:\n  - rm\nsafety: permissive\n", "rm -rf /").has_status(7)


@case("deny: blocks whatever the risk, also inside: {0}", ["curl x.org", "sudo curl x.org", "sh -c 'curl x.org'", "ls; curl x"])
def _(command):
    with_config("deny: [curl]\n", command).has_status(6)
    with_config("deny: [curl]\n", "echo curl").has_status(0)


@case("a shape that is none is an error of the configuration")
def _():
    r = with_config("allow:\n  - ''\n", "ls").has_status(2)
    r.one_line("pattern")
