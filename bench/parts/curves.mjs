/* How cost grows: with the prompt, with what the model has read before, with texts at once, with threads. */
import fs from "node:fs";
import path from "node:path";
import { bench, figure, inTurn, isNoisy, percent, summary, table } from "../measure.mjs";
import { plot } from "../plot.mjs";

export const name = "curves", title = "Cost as work grows";

const STEPS = 16; /* tokens generated behind each prompt */
const doubled = (from, to) => (from > to ? [] : [from, ...doubled(2 * from, to)]);

/* Rows of `phases` with their figures. Long ones run once, and show no spread. */
async function measure(t, phases, threads) {
  const rows = [];
  for (const phase of phases) {
    const most = phase.prompt > 2048 ? 1 : t.repeat, one = () => bench(t.program, t.files[0], phase, threads ?? phase.threads);
    const [runs] = most > 1 ? await inTurn(most, [one]) : [[one()]];
    const of = (key) => summary(runs.map((r) => r[`${key}_tokens_per_s`]));
    rows.push({ ...phase, prefill: of("prefill"), decode: of("decode") });
  }
  return rows;
}

export async function run(t) {
  const most = t.small ? { prompt: 64, batch: 4 } : { prompt: 8192, batch: 64 }, steps = t.small ? 4 : STEPS;
  t.note("prompts");
  const prompts = await measure(t, [1, ...doubled(32, most.prompt)].map((prompt) => ({ prompt, decode: steps })), t.threads);
  await t.limit();
  t.note("texts at once");
  const texts = await measure(t, doubled(1, most.batch).map((batch) => ({ prompt: 16, decode: steps, batch })), t.threads);
  t.note("threads");
  const counts = Array.from({ length: t.threads }, (_, i) => ({ prompt: 128, decode: steps, threads: i + 1 }));
  const threads = await measure(t, t.small ? counts.map((c) => ({ ...c, prompt: 16 })) : counts);
  return { prompts, texts, threads };
}

function draw({ prompts, texts, threads }) {
  const points = (rows, x, key) => rows.map((r) => [r[x], +r[key].median.toPrecision(4)]);
  return plot("Tokens per second as work grows", [
    { title: "Prefill, tokens/s", x: "tokens of the prompt", series: [{ name: "", points: points(prompts.slice(1), "prompt", "prefill") }] },
    { title: "Decode of one text, tokens/s", x: "tokens before", series: [{ name: "", points: points(prompts, "prompt", "decode") }] },
    { title: "Decode of several texts, tokens/s in all", x: "texts at once", series: [{ name: "", points: points(texts, "batch", "decode") }] },
    { title: "Threads, tokens/s", x: "threads", series: [
      { name: "prefill 128", points: points(threads, "threads", "prefill") }, { name: "decode", points: points(threads, "threads", "decode") }] },
  ]);
}

const cell = (s) => (isNoisy(s) ? `${figure(s.median)} (noisy)` : figure(s.median));

/* The plot stands beside the text, in a folder of the text's name. */
export function text(data, { out, model }) {
  const image = path.join(path.dirname(out), path.basename(out, ".md").toLowerCase(), "curves.svg");
  fs.mkdirSync(path.dirname(image), { recursive: true });
  fs.writeFileSync(image, draw(data));
  const { prompts, texts, threads } = data;
  const tables = [
    table(["prompt", "prefill, tokens/s", "prefill, ms", "spread", "runs", "decode behind it, tokens/s", "spread"],
          prompts.map((r) => [r.prompt, cell(r.prefill), figure((r.prompt * 1e3) / r.prefill.median), percent(r.prefill.spread),
                              r.prefill.n, cell(r.decode), percent(r.decode.spread)])),
    table(["texts at once", "decode, tokens/s in all", "of each", "ms a pass", "spread"],
          texts.map((r) => [r.batch, cell(r.decode), figure(r.decode.median / r.batch), figure((r.batch * 1e3) / r.decode.median),
                            percent(r.decode.spread)])),
    table(["threads", "prefill 128, tokens/s", "spread", "decode, tokens/s", "spread"],
          threads.map((r) => [r.threads, cell(r.prefill), percent(r.prefill.spread), cell(r.decode), percent(r.decode.spread)])),
  ];
  return `${model}: ${STEPS} tokens are generated behind each prompt; texts at once have 16 tokens before them.\n\n` +
    `![curves of the tables below](${path.relative(path.dirname(out), image)})\n\n${tables.join("\n\n")}`;
}
