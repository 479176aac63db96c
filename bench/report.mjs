/* report.mjs [--draft] [--small] [--repeat N] [--threads N] [--out FILE] BUILD [MODEL.gguf…]: what this machine can give,
 * which share of that cmdai reaches, and llama.cpp beside it; written between the marks of docs/PERFORMANCE.md. Without
 * models, those of the exact Qwen2.5 shapes with random weights are made first.
 *
 * Nothing is written when the machine's own limits aren't steady, because a share of them would say nothing; a figure
 * that isn't steady is left out. --draft writes all the same, and says so; --small takes small prompts: to try the script. */
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { bench, isNoisy, machine, NOISY, summary } from "./measure.mjs";

const ROOT = path.resolve(path.dirname(new URL(import.meta.url).pathname), "..");
const BEGIN = "<!-- measured: begin -->", END = "<!-- measured: end -->";
const MODELS = [["0.5b", "Q4_K_M"], ["0.5b", "Q8_0"], ["0.5b", "Q4_0"], ["1.5b", "Q4_K_M"]];
const PHASES = [
  { name: "prefill 16", prompt: 16 },
  { name: "prefill 128", prompt: 128 },
  { name: "prefill 512", prompt: 512 },
  { name: "decode", prompt: 16, decode: 64 },
  { name: "decode of 16", prompt: 16, decode: 16, batch: 16 },
];
const SMALL = [
  { name: "prefill 32", prompt: 32 },
  { name: "decode", prompt: 8, decode: 8 },
  { name: "decode of 16", prompt: 8, decode: 4, batch: 16 },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    draft: { type: "boolean" },
    small: { type: "boolean" },
    repeat: { type: "string", default: "7" },
    threads: { type: "string", default: String(os.cpus().length) },
    out: { type: "string", default: path.join(ROOT, "docs/PERFORMANCE.md") },
  },
});
const [build, ...given] = positionals;
if (!build) {
  console.error("usage: report.mjs BUILD [MODEL.gguf…]");
  process.exit(2);
}
const repeat = Number(values.repeat), threads = Number(values.threads);
const program = path.join(build, "cmdai"), phases = values.small ? SMALL : PHASES;
const note = (text) => console.error(`bench-report: ${text}`);

/* --- what is measured --- */

function makeModels() {
  const folder = path.join(build, "bench/models");
  const vocab = path.join(ROOT, "tests/fixtures/models/vocab");
  fs.mkdirSync(folder, { recursive: true });
  return MODELS.map(([shape, mix]) => {
    const file = path.join(folder, `${shape}-${mix}.gguf`);
    if (fs.existsSync(file)) return file;
    note(`making ${file}`);
    execFileSync(path.join(build, "tools/mkmodel"), ["--shape", shape, "--mix", mix, "--vocab", vocab, file]);
    return file;
  });
}

function measureLimits() {
  const args = ["--json", "--repeat", values.small ? "3" : "15", "--mib", values.small ? "64" : "1024"];
  const found = JSON.parse(execFileSync(path.join(build, "bench/limits"), args));
  return { ...found, threads: found.threads.slice(0, threads) };
}

/* Limits before, between and after, so that they are those of the same minutes. */
function mergeLimits(runs) {
  const rows = runs[0].threads.map((row, t) => {
    const over = (key) => summary(runs.map((run) => run.threads[t][key].median));
    return { threads: row.threads, read: over("read_gb_per_s"), int8: over("int8_gop_per_s") };
  });
  const best = (key) => rows.reduce((a, b) => (b[key].median > a[key].median ? b : a))[key];
  return { ...runs[0], rows, read: best("read"), int8: best("int8") };
}

/* All phases in turn, so that none of them gets the quiet minute. */
function measureModel(file) {
  const runs = phases.map(() => []);
  for (const phase of phases) bench(program, file, phase, threads); /* warm */
  for (let i = 0; i < repeat; i++) phases.forEach((phase, p) => runs[p].push(bench(program, file, phase, threads)));
  return phases.map((phase, p) => ({ phase, about: runs[p][0], speed: summary(runs[p].map((run) => run.speed)) }));
}

function measurePeer(models) {
  const args = [path.join(ROOT, "bench/peers/run.mjs"), "--json", "--repeat", String(repeat), "--threads", String(threads)];
  if (values.small) args.push("--small");
  const ran = spawnSync(process.execPath, [...args, program, ...models], { encoding: "utf8", maxBuffer: 1 << 26 });
  if (ran.status === 0) return JSON.parse(ran.stdout);
  return { why: (ran.stderr || `status ${ran.status}`).trim().split("\n").pop() };
}

/* --- the report --- */

const percent = (x) => `${Math.round(100 * x)} %`;
const table = (head, rows) =>
  [head, head.map((_, i) => (i ? "--:" : "---")), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/* Decode reads all weights for each pass; prefill multiplies each column with the matrices of all layers. */
function shareOf({ phase, about, speed }, limits) {
  const passes = speed.median / (phase.batch || 1);
  if (phase.decode && !(phase.batch > 1)) return [(passes * about.pass_mb) / 1e3 / limits.read.median, "of read bandwidth"];
  return [(speed.median * about.token_gop) / limits.int8.median, "of the int8 peak"];
}

function modelRows(file, measured, limits) {
  return measured.map((m) => {
    const [share, what] = shareOf(m, limits);
    const noisy = isNoisy(m.speed) || isNoisy(limits.read, limits.int8);
    return [path.basename(file, ".gguf"), m.phase.name, noisy ? "noisy" : m.speed.median.toFixed(1), percent(m.speed.spread),
            noisy ? "not judged" : `${percent(share)} ${what}`];
  });
}

function peerText(peer) {
  if (peer.why) return `Not compared with llama.cpp here: ${peer.why}\n`;
  const rows = peer.rows.map((r) => [
    r.model.replace(/\.gguf$/, ""), r.phase, r.ours.median.toFixed(1), percent(r.ours.spread), r.theirs.median.toFixed(1),
    percent(r.theirs.spread), r.noisy ? "not judged" : `${r.ratio.toFixed(2)} x`]);
  return `Beside ${peer.peer}, whose decode carries JavaScript's overhead, in turn (A B A B):\n\n` +
    table(["model", "phase", "cmdai", "spread", "peer", "spread", "ratio"], rows) + "\n";
}

function reportText(limits, models, peer, noisy) {
  const isa = models[0].measured[0].about.isa;
  const draft = values.draft ? `**Draft${noisy ? ", from a machine that was busy" : ""}: not to be quoted.**\n\n` : "";
  return `${draft}${machine(threads)}; ${isa}; ${execFileSync(program, ["--version"], { encoding: "utf8" }).trim().split("\n")[0]}.
Medians of ${repeat} fresh processes; the spread is the middle half of them over the median. What spreads over more than
${percent(NOISY)} isn't judged.

${table(["threads", "read, GB/s", "spread", `int8, Gop/s (${limits.int8Name})`, "spread"],
        limits.rows.map((r) => [r.threads, r.read.median.toFixed(1), percent(r.read.spread), r.int8.median.toFixed(0), percent(r.int8.spread)]))}

${table(["model", "phase", "tokens/s", "spread", "share of the limit"], models.flatMap(({ file, measured }) => modelRows(file, measured, limits)))}

${peerText(peer)}`;
}

function write(text) {
  const old = fs.readFileSync(path.join(ROOT, "docs/PERFORMANCE.md"), "utf8");
  const from = old.indexOf(BEGIN), to = old.indexOf(END);
  if (from < 0 || to < from) throw new Error("docs/PERFORMANCE.md has lost its marks");
  fs.writeFileSync(values.out, `${old.slice(0, from)}${BEGIN}\n${text}${old.slice(to)}`);
}

const files = given.length ? given : makeModels();
const runs = [measureLimits()];
const models = files.map((file) => {
  note(path.basename(file));
  const measured = measureModel(file);
  runs.push(measureLimits());
  return { file, measured };
});
note("llama.cpp");
const peer = measurePeer(files);
runs.push(measureLimits());
const limits = { ...mergeLimits(runs), int8Name: runs[0].int8 };
const noisy = isNoisy(limits.read, limits.int8);
if (noisy && !values.draft) {
  note(`the machine is too busy: read bandwidth spreads over ${percent(limits.read.spread)}, int8 peak over ` +
       `${percent(limits.int8.spread)} of the median, more than ${percent(NOISY)}. Nothing was written.`);
  process.exit(1);
}
write(reportText(limits, models, peer, noisy));
note(`wrote ${values.out}`);
