/* run.mjs [--json] [--small] [--repeat N] [--threads N] PROGRAM MODEL.gguf…: tokens per second of ours and of
 * llama.cpp (node-llama-cpp), interleaved A B A B, as medians with their spread. The peer's decode carries
 * JavaScript's overhead: its own programs are faster there. Says when the machine was too busy to judge. */
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { alternate, bench, isNoisy } from "../measure.mjs";
import { missing, open, Peer, version } from "./peer.mjs";

const PHASES = [
  { name: "prefill 128", prompt: 128, decode: 0 },
  { name: "prefill 512", prompt: 512, decode: 0 },
  { name: "decode 64", prompt: 16, decode: 64 },
];
const SMALL = [
  { name: "prefill 32", prompt: 32, decode: 0 },
  { name: "decode 8", prompt: 16, decode: 8 },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean" },
    small: { type: "boolean" },
    repeat: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
  },
});
const [program, ...models] = positionals;
const repeat = Number(values.repeat), threads = Number(values.threads);

async function theirs(peer, phase) {
  const ids = Array.from({ length: phase.prompt }, (_, i) => (i * 7919 + 13) % 300);
  await peer.sequence.clearHistory();
  let start = performance.now();
  if (!phase.decode) {
    await peer.sequence.controlledEvaluate([...ids.slice(1), [ids[0], { generateNext: { token: true } }]]);
    return (phase.prompt * 1e3) / (performance.now() - start);
  }
  await peer.sequence.evaluateWithoutGeneratingNewTokens(ids);
  start = performance.now();
  let n = 0;
  for await (const _ of peer.sequence.evaluate([ids[0]], { temperature: 0, yieldEogToken: true })) {
    if (++n === phase.decode) break;
  }
  return (n * 1e3) / (performance.now() - start);
}

async function compare(llama, file) {
  const peer = await Peer.load(llama, file, { threads, contextSize: values.small ? 256 : 1024 });
  const rows = [];
  for (const phase of values.small ? SMALL : PHASES) {
    const [ours, them] = await alternate(
      repeat, () => bench(program, file, phase, threads).speed, () => theirs(peer, phase));
    rows.push({ model: path.basename(file), phase: phase.name, ours, theirs: them,
                ratio: ours.median / them.median, noisy: isNoisy(ours, them) });
  }
  await peer.close();
  return rows;
}

const line = ({ model, phase, ours, theirs: them, ratio, noisy }) =>
  `${model.padEnd(18)} ${phase.padEnd(12)} ${ours.median.toFixed(1).padStart(8)} ${them.median.toFixed(1).padStart(8)} ` +
  (noisy ? "  noisy: don't judge" : `${ratio.toFixed(2).padStart(6)} x`);

const why = missing() || (models.length ? "" : "usage: run.mjs PROGRAM MODEL.gguf…");
if (why) {
  console.error(why);
  process.exit(77);
}
if (!values.json) {
  console.log(`${os.cpus()[0].model}, ${threads} threads, ${version()}, medians of ${repeat}, load ${os.loadavg()[0].toFixed(1)}`);
  console.log(`${"model".padEnd(18)} ${"tokens/s".padEnd(12)} ${"cmdai".padStart(8)} ${"peer".padStart(8)}  ratio`);
}
const llama = await open(threads);
const rows = [];
for (const file of models) {
  const of = await compare(llama, file);
  rows.push(...of);
  if (!values.json) of.forEach((row) => console.log(line(row)));
}
if (values.json) console.log(JSON.stringify({ peer: version(), threads, repeat, rows }));
await llama.dispose();
