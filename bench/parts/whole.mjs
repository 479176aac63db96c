/* Whole processes, memory, sizes: what isn't tokens per second. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { atMost, bench, figure, inTurn, isNoisy, percent, summary, table, timed, verdict } from "../measure.mjs";
import { ask, folders } from "./first.mjs";

export const name = "whole", title = "Whole processes";

const CONTEXT = 2048, CASES = 100;

const row = (what, unit, value, most) => ({ what, unit, value, most });
const one = (value) => ({ median: value, spread: NaN, n: 1 });

/* The embedded model, as `cmdai test bench` asks it: other words each time. */
function embedded(t) {
  const argv = [t.program, "test", "bench", "--json", "--samples", t.small ? "5" : "40"];
  const { metrics } = JSON.parse(timed(argv, { statuses: [0, 4, 6] }).out);
  const of = ({ median, mad, n }) => ({ median, spread: (2 * mad) / median, n });
  return [row("embedded model, fresh process, whole answer", "ms", of(metrics.answer_ms), 15),
          row("the same from a cold file", "ms", one(metrics.cold_start_ms.median)),
          row("its peak memory", "MB", of(metrics.peak_rss_mb), 30)];
}

const fixture = (n) =>
  `schema: 1\ntest_cases:\n${Array.from({ length: n }, (_, i) => `  - {id: c${i}, given_output: "find . -name a${i}", expected_patterns: [find]}\n`).join("")}`;

/* Without a model: a text that is given is parsed, judged and recorded. */
async function harness(t) {
  const run = (n) => {
    const file = path.join(t.folder, `cases${n}.yaml`);
    fs.writeFileSync(file, fixture(n));
    return async () => timed([t.program, "test", file, "-q", "--out", path.join(t.folder, "cases.jsonl")]).ms;
  };
  const [first, all] = await inTurn(3 * t.repeat, [run(1), run(CASES)]);
  const more = all.map((ms, i) => (ms - first[i]) / (CASES - 1));
  return [row("`cmdai test` of one case without a model", "ms", summary(first), 30), row("each case more", "ms", summary(more), 1)];
}

async function check(t) {
  const [times] = await inTurn(3 * t.repeat, [async () => timed([t.program, "check", "find . -size +1G | xargs rm -rf"], { statuses: [0, 6, 7] }).ms]);
  return [row("`cmdai check`, whole process", "ms", summary(times))];
}

/* dd makes the system forget the file's pages, as any user may. */
async function files(t) {
  const file = t.files[0], { kept } = folders(t);
  const forget = () => timed(["dd", `if=${file}`, "iflag=nocache", "count=0", "status=none"]);
  ask(t, file, kept);
  const [warm, cold] = await inTurn(t.repeat, [async () => ask(t, file, kept).ms, async () => (forget(), ask(t, file, kept).ms)]);
  const [loads] = await inTurn(t.repeat, [async () => bench(t.program, file, { prompt: 1 }, t.threads).load_ms]);
  const bytes = fs.statSync(file).size;
  return [row(`load of ${t.model}, warm file`, "ms", summary(loads), 50),
          row(`first command, ${t.tokens} tokens, warm file`, "ms", summary(warm)),
          row(`the same, cold file (${Math.round(bytes / 1e6)} MB)`, "ms", summary(cold))];
}

function memory(t) {
  return t.files.map((file) => {
    const d = bench(t.program, file, { prompt: (t.small ? 64 : CONTEXT) - 8, decode: 8 }, t.threads);
    return row(`peak memory of ${path.basename(file, ".gguf")} at ${CONTEXT} tokens, beside the file (${Math.round(d.model_mb)} MB)`, "MB",
               one(d.peak_rss_mb - d.model_mb), 120);
  });
}

/* Everything that the program is made of, compiled anew. */
function freshBuild(t) {
  const folder = path.join(t.folder, "build");
  timed(["cmake", "--preset", "release", "-S", t.root, "-B", folder], { env: { CCACHE_DISABLE: "1" } });
  return timed(["cmake", "--build", folder, "--target", "cmdai"], { env: { CCACHE_DISABLE: "1" } }).ms / 1e3;
}

function sizes(t) {
  const stripped = path.join(t.folder, "stripped");
  const rows = [row("program, with the embedded model", "MB", one(fs.statSync(t.program).size / 1e6))];
  if (spawnSync("strip", ["-o", stripped, t.program]).status === 0) rows.push(row("the same, stripped", "MB", one(fs.statSync(stripped).size / 1e6)));
  if (!t.small) rows.push(row("building the program anew", "s", one(freshBuild(t))));
  return rows;
}

export async function run(t) {
  t.note("processes");
  const rows = [...embedded(t), ...(await check(t)), ...(await harness(t)), ...(await files(t))];
  t.note("memory and sizes");
  return { rows: [...rows, ...memory(t), ...sizes(t)] };
}

export function text({ rows }) {
  return table(["", "", "spread", "goal"], rows.map(({ what, unit, value, most }) => {
    const noisy = isNoisy(value);
    return [what, `${figure(value.median)} ${unit}${noisy ? " (noisy)" : ""}`, percent(value.spread),
            most ? verdict(atMost(most, unit), value.median, noisy) : ""];
  }));
}
