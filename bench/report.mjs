/* report.mjs [--parts A,B] [--draft] [--small] [--alone] [--repeat N] [--suite N] [--threads N] [--out FILE] [--json FILE]
 * BUILD [MODEL.gguf…]: what this machine can give, how much of that cmdai reaches, and llama.cpp beside it. Each part
 * (limits, speed, first, suite, curves, whole, types) is written between marks of its own in docs/PERFORMANCE.md, so that
 * one may be measured again alone. Without models, those of the exact Qwen2.5 shapes with random weights are made first;
 * the first one is asked most.
 *
 * The machine's limits are measured before, between and after. A part with shares of them isn't written when they weren't
 * steady, since those would say nothing; a row that isn't steady is called noisy and judged by nobody. --draft writes all
 * the same, and says so; --small takes small sizes: to try the script; --alone doesn't ask llama.cpp. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { isNoisy, machine, NOISY, percent, summary } from "./measure.mjs";
import { makeModels } from "./models.mjs";
import { PeerProcess } from "./peers/client.mjs";

const ROOT = path.resolve(path.dirname(new URL(import.meta.url).pathname), "..");
const DOCUMENT = path.join(ROOT, "docs/PERFORMANCE.md");
const NAMES = ["limits", "speed", "first", "suite", "curves", "whole", "types"];
const PARTS = await Promise.all(NAMES.map((name) => import(`./parts/${name}.mjs`)));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    parts: { type: "string", default: "" },
    draft: { type: "boolean" },
    small: { type: "boolean" },
    alone: { type: "boolean" },
    repeat: { type: "string", default: "7" },
    suite: { type: "string" },
    threads: { type: "string", default: String(os.cpus().length) },
    out: { type: "string", default: DOCUMENT },
    json: { type: "string" },
  },
});
const wanted = values.parts ? values.parts.split(",") : NAMES;
const unknown = wanted.filter((w) => !NAMES.includes(w));
if (!positionals.length || unknown.length) {
  console.error(unknown.length ? `no part ${unknown}; there are ${NAMES.join(", ")}` : "usage: report.mjs BUILD [MODEL.gguf…]");
  process.exit(2);
}
const note = (text) => console.error(`bench-report: ${text}`);

/* --- the machine's limits --- */

function measureLimits(t) {
  const args = ["--json", "--repeat", t.small ? "3" : "15", "--mib", t.small ? "64" : "512"];
  const found = JSON.parse(execFileSync(path.join(t.build, "bench/limits"), args));
  return { ...found, threads: found.threads.slice(0, t.threads) };
}

/* Over the runs of a part, so that they are those of the same minutes. */
function mergeLimits(runs) {
  const rows = runs[0].threads.map((row, i) => {
    const over = (key) => {
      const all = runs.map((run) => run.threads[i][key]), of = summary(all.map((f) => f.median));
      const within = summary(all.map((f) => f.spread)).median;
      return { ...of, spread: Math.max(of.spread, within) };
    };
    return { threads: row.threads, read: over("read_gb_per_s"), int8: over("int8_gop_per_s") };
  });
  const best = (key) => rows.reduce((a, b) => (b[key].median > a[key].median ? b : a))[key];
  return { rows, read: best("read"), int8: best("int8"), int8Name: runs[0].int8, isa: runs[0].isa };
}

const isSteady = ({ read, int8 }) => !isNoisy(read, int8);

/* --- the document --- */

const mark = (part, where) => `<!-- measured ${part.name}: ${where} -->`;

function write(part, text) {
  const source = fs.existsSync(values.out) ? values.out : DOCUMENT, old = fs.readFileSync(source, "utf8");
  const from = old.indexOf(mark(part, "begin")), to = old.indexOf(mark(part, "end"));
  if (from < 0 || to < from) throw new Error(`${source} has no marks of ${part.name}`);
  fs.writeFileSync(values.out, `${old.slice(0, from)}${mark(part, "begin")}\n${text.trim()}\n${old.slice(to)}`);
}

function caption(t, limits) {
  const version = execFileSync(t.program, ["--version"], { encoding: "utf8" }).trim().split("\n")[0];
  const draft = values.draft ? `**Draft${isSteady(limits) ? "" : ", from a machine that was busy"}: not to be quoted.** ` : "";
  const of = (limit) => (isNoisy(limit) ? ` (spread ${percent(limit.spread)})` : "");
  const at = `${limits.read.median.toFixed(1)} GB/s read${of(limits.read)}, ` +
             `${limits.int8.median.toFixed(0)} Gop/s int8${of(limits.int8)} meanwhile`;
  return `${draft}*${machine(t.threads)}, ${limits.isa}; ${at}; ${version}; ${new Date().toISOString().slice(0, 10)}.*`;
}

/* --- */

async function measurePart(t, part) {
  const runs = [];
  const begin = performance.now();
  note(part.name);
  t.limit = async () => runs.push(measureLimits(t));
  await t.limit();
  const data = await part.run(t);
  await t.limit();
  const limits = mergeLimits(runs), seconds = Math.round((performance.now() - begin) / 1e3);
  const steady = isSteady(limits) || !part.sharesLimits, state = { limits, peer: t.peer, out: values.out, model: t.model };
  if (steady || values.draft) write(part, `${caption(t, limits)}\n\n${part.text(data, state)}`);
  else
    note(`${part.name} isn't written, the machine is too busy: reading spreads over ${percent(limits.read.spread)}, ` +
         `the int8 peak over ${percent(limits.int8.spread)} of the median, more than ${percent(NOISY)}`);
  note(`${part.name}: ${seconds} s`);
  return { steady, seconds, limits, ...data };
}

async function main() {
  const [build, ...given] = positionals, small = values.small;
  const t = { root: ROOT, build, program: path.resolve(build, "cmdai"), small, note, threads: Number(values.threads),
              repeat: Number(values.repeat), suite: Number(values.suite ?? (small ? 6 : 200)), tokens: small ? 4 : 24,
              folder: fs.mkdtempSync(path.join(os.tmpdir(), "cmdai-bench-")) };
  const result = {};
  try {
    t.files = (given.length ? given : makeModels(ROOT, build, small, note)).map((file) => path.resolve(file));
    t.model = path.basename(t.files[0], ".gguf");
    t.peer = await PeerProcess.start(t.threads, values.alone);
    if (t.peer.why) note(`without llama.cpp: ${t.peer.why}`);
    for (const part of PARTS.filter((p) => wanted.includes(p.name))) result[part.name] = await measurePart(t, part);
  } finally {
    t.peer?.stop();
    fs.rmSync(t.folder, { recursive: true });
  }
  if (values.json) fs.writeFileSync(values.json, JSON.stringify({ peer: t.peer.version ?? null, parts: result }, null, 2));
  return Object.values(result).every((r) => r.steady) || values.draft ? 0 : 1;
}

process.exitCode = await main();
