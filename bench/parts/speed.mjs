/* Tokens per second by model and phase, beside llama.cpp and the machine's limits. */
import path from "node:path";
import { atLeast, bench, figure, inTurn, isNoisy, percent, summary, table, verdict } from "../measure.mjs";

export const name = "speed", title = "Speed beside llama.cpp", sharesLimits = true;

const PHASES = [
  { name: "prefill 16", prompt: 16 },
  { name: "prefill 128", prompt: 128 },
  { name: "prefill 512", prompt: 512 },
  { name: "decode 64", prompt: 16, decode: 64 },
  { name: "decode of 16", prompt: 16, decode: 16, batch: 16 },
];
const SMALL = [
  { name: "prefill 32", prompt: 32 },
  { name: "decode 8", prompt: 8, decode: 8 },
  { name: "decode of 16", prompt: 8, decode: 4, batch: 16 },
];

/* Of the ratio to llama.cpp, and of the figures themselves, by model and phase. */
const RATIOS = {
  "0.5b-Q4_K_M": { "prefill 512": 4.4, "decode 64": 2.7, "decode of 16": 3.5 },
  "0.5b-Q8_0": { "prefill 512": 3.6 },
  "0.5b-Q4_0": { "prefill 512": 2 },
  "1.5b-Q4_K_M": { "prefill 512": 3 },
};
const SHARES = { "prefill 512": 0.45, "decode 64": 0.88 };
const RATES = { "0.5b-Q4_K_M": { "prefill 16": 600 } };

const op = ({ decode, batch }) => (batch ? "together" : decode ? "decode" : "prefill");

async function measureModel(t, file) {
  const model = path.basename(file, ".gguf"), rows = [];
  let texts;
  for (const phase of t.small ? SMALL : PHASES) {
    if (!t.peer.why && texts !== (phase.batch ?? 1)) {
      texts = phase.batch ?? 1;
      await t.peer.call("load", { file, texts, contextSize: texts > 1 ? 64 : 1024 });
    }
    const ours = () => bench(t.program, file, phase, t.threads), theirs = () => t.peer.call(op(phase), phase);
    const [runs, speeds] = await inTurn(t.repeat, t.peer.why ? [ours] : [ours, theirs]);
    rows.push({ model, phase, isa: runs[0].isa, pass_mb: runs[0].pass_mb, token_gop: runs[0].token_gop,
                ours: summary(runs.map((r) => r.speed)), theirs: speeds && summary(speeds) });
  }
  if (!t.peer.why) await t.peer.call("close");
  return rows;
}

export async function run(t) {
  const rows = [];
  for (const file of t.files) {
    t.note(path.basename(file));
    rows.push(...(await measureModel(t, file)));
    await t.limit();
  }
  return { rows };
}

/* Decode of one text reads all weights for each token; prefill and many texts multiply each column with the matrices. */
function shareOf({ phase, ours, pass_mb, token_gop }, limits) {
  if (phase.decode && !phase.batch) return [(ours.median * pass_mb) / 1e3 / limits.read.median, "of reading"];
  return [(ours.median * token_gop) / limits.int8.median, "of int8"];
}

function cells(row, rows, limits) {
  const { model, phase, ours, theirs } = row, name = phase.name;
  const noisy = isNoisy(ours), both = noisy || !theirs || isNoisy(theirs);
  const [share, what] = shareOf(row, limits), ratio = theirs && ours.median / theirs.median;
  const prefill = rows.find((r) => r.model === model && r.phase.name === "prefill 512");
  const goals = [
    RATIOS[model]?.[name] && verdict(atLeast(RATIOS[model][name], "x"), ratio, both),
    SHARES[name] && verdict(atLeast(SHARES[name], "%"), share, noisy),
    RATES[model]?.[name] && verdict(atLeast(RATES[model][name], "tokens/s"), ours.median, noisy),
    phase.batch && prefill &&
      verdict(atLeast(0.5, "x prefill 512"), ours.median / prefill.ours.median, noisy || isNoisy(prefill.ours)),
  ];
  return [model, name, figure(ours.median), percent(ours.spread), theirs ? figure(theirs.median) : "-",
          theirs ? percent(theirs.spread) : "-", !theirs ? "-" : both ? "noisy" : `${ratio.toFixed(2)} x`,
          noisy ? "noisy" : `${percent(share)} ${what}`, goals.filter(Boolean).join("; ")];
}

export function text({ rows }, { limits, peer }) {
  const beside = peer.why ? `Not compared with llama.cpp here: ${peer.why}.`
    : `Beside ${peer.version}, in turn (A B A B). Its decode of one text carries JavaScript's overhead: llama.cpp's own programs are
faster there. Its 16 texts share each pass (counted), sampled in step, which is faster there than letting each run.`;
  const head = ["model", "tokens/s", "cmdai", "spread", "llama.cpp", "spread", "ratio", "share of the limit", "goals"];
  return `${beside}\n\n${table(head, rows.map((row) => cells(row, rows, limits)))}`;
}
