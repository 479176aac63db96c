/* A suite of many prompts, decoded together by `cmdai test`, and one by one by llama.cpp. */
import fs from "node:fs";
import path from "node:path";
import { atLeast, figure, isNoisy, percent, summary, table, timed, verdict } from "../measure.mjs";
import { beginning } from "./first.mjs";

export const name = "suite", title = "A suite of prompts";

const ROUNDS = 2;

const VERBS = ["show", "list", "count", "find", "print", "copy", "sort", "move"];
const THINGS = ["the ten largest files here", "lines of the file", "names and numbers from the list", "paths in the code"];

function fixture(count) {
  const cases = Array.from({ length: count }, (_, i) =>
    `  - {id: c${i}, prompt: "${VERBS[i % 8]} ${THINGS[(i >> 3) % 4]} ${i}", expected_patterns: [x]}`);
  return `schema: 1\ntest_cases:\n${cases.join("\n")}\n`;
}

/* The whole process; what a random model writes fails the cases, but every one must have been answered. */
function ours(t, suite, count) {
  const runFile = path.join(t.folder, "suite.jsonl");
  const argv = [t.program, "test", suite, "-q", "-m", t.files[0], "--max-tokens", String(t.tokens), "--batch", "16", "--timeout", "600",
                "--threads", String(t.threads), "--sandbox", "off", "--out", runFile];
  const { ms } = timed(argv, { env: { CMDAI_CACHE_DIR: t.folder }, statuses: [0, 1, 5] });
  const results = fs.readFileSync(runFile, "utf8").trim().split("\n").map((l) => JSON.parse(l)).filter((l) => l.kind === "result");
  if (results.length !== count || results.some(({ tokens }) => !tokens.output)) throw new Error("some prompts of the suite have no answer");
  return { ms, tokens: results.map((r) => r.tokens) };
}

/* The prompts' common beginning is what ours computed once. Its part of the prompts, in one of ROUNDS blocks. */
async function theirs(t, tokens, kept, block) {
  const size = Math.ceil(tokens.length / ROUNDS);
  const requests = tokens.slice(block * size, (block + 1) * size).map((n) => ({ fresh: n.prompt - kept, decode: n.output }));
  return requests.length ? t.peer.call("requests", { kept, requests }) : [];
}

export async function run(t) {
  const count = t.suite, suite = path.join(t.folder, "suite.yaml");
  fs.writeFileSync(suite, fixture(count));
  const runs = [], times = [], kept = beginning(t); /* which knows the file's hash from then on */
  const { loadMs, contextMs } = t.peer.why ? {} : await t.peer.call("load", { file: t.files[0] });
  for (let block = 0; block < ROUNDS; block++) {
    runs.push(ours(t, suite, count));
    if (!t.peer.why) times.push(...(await theirs(t, runs[0].tokens, kept, block)));
  }
  if (!t.peer.why) await t.peer.call("close");
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  const of = (key) => sum(runs[0].tokens.map((n) => n[key]));
  return { count, prompt: of("prompt"), output: of("output"), ours: summary(runs.map((r) => r.ms)),
           theirs: t.peer.why ? undefined : { ms: loadMs + contextMs + sum(times), each: summary(times) } };
}

export function text({ count, prompt, output, ours, theirs }, { peer, model }) {
  const ratio = theirs && theirs.ms / ours.median, noisy = isNoisy(ours) || (theirs && isNoisy(theirs.each));
  const rate = (ms) => figure((output * 1e3) / ms);
  const rows = [["`cmdai test`, 16 together", figure(ours.median / 1e3), percent(ours.spread), rate(ours.median), "", ""]];
  if (theirs)
    rows.push(["llama.cpp, one by one", figure(theirs.ms / 1e3), percent(theirs.each.spread), rate(theirs.ms),
               noisy ? "noisy" : `${ratio.toFixed(2)} x`, verdict(atLeast(8, "x"), ratio, noisy)]);
  return `${count} prompts to ${model}, ${figure(prompt / count)} tokens each on average with the system message, and
${figure(output / count)} tokens to answer. Ours is the whole process, with judging and the run file. ${
    peer.why ? `Not compared with llama.cpp here: ${peer.why}.` : `Theirs is one process with the beginning of the
prompt kept in its context, computed outside of the time; its spread is that of the single requests, in blocks between our runs.`}\n\n` +
    table(["", "seconds", "spread", "tokens/s written", "ratio", "goal"], rows);
}
