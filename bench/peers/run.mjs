/* run.mjs [--repeat N] [--threads N] PROGRAM MODEL.gguf…: tokens per second of ours and of llama.cpp
 * (node-llama-cpp), interleaved A B A B, as medians with their spread. The peer's decode carries
 * JavaScript's overhead: its own programs are faster there. Says when the machine was too busy. */
import { execFileSync } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { missing, open, Peer, version } from "./peer.mjs";

const PHASES = [
  { name: "prefill 128", prompt: 128, decode: 0 },
  { name: "prefill 512", prompt: 512, decode: 0 },
  { name: "decode 64", prompt: 16, decode: 64 },
];
const NOISY = 0.15; /* a spread of the middle half above this share of the median */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { repeat: { type: "string", default: "5" }, threads: { type: "string", default: "2" } },
});
const [program, ...models] = positionals;
const repeat = Number(values.repeat), threads = Number(values.threads);

function ours(file, phase) {
  const args = ["bench", "--json", "-m", file, "--repeat", "1", "--threads", String(threads)];
  const sizes = ["--prompt", String(phase.prompt), "--decode", String(phase.decode || 1)];
  const d = JSON.parse(execFileSync(program, [...args, ...sizes]));
  return phase.decode ? d.decode_tokens_per_s : d.prefill_tokens_per_s;
}

async function theirs(peer, phase) {
  const ids = Array.from({ length: phase.prompt }, (_, i) => (i * 7919 + 13) % 1000);
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

function summary(list) {
  const v = [...list].sort((a, b) => a - b);
  const at = (share) => v[Math.min(v.length - 1, Math.floor(share * v.length))];
  return { median: at(0.5), spread: (at(0.75) - at(0.25)) / at(0.5) };
}

async function compare(llama, file) {
  const peer = await Peer.load(llama, file, { threads, contextSize: 1024 });
  for (const phase of PHASES) {
    const a = [], b = [];
    ours(file, phase), await theirs(peer, phase); /* warm up */
    for (let i = 0; i < repeat; i++) a.push(ours(file, phase)), b.push(await theirs(peer, phase));
    const us = summary(a), them = summary(b);
    const noise = Math.max(us.spread, them.spread) > NOISY ? "  noisy: don't judge" : "";
    console.log(
      `${path.basename(file).padEnd(18)} ${phase.name.padEnd(12)} ${us.median.toFixed(1).padStart(8)} ` +
        `${them.median.toFixed(1).padStart(8)} ${(us.median / them.median).toFixed(2).padStart(6)} x${noise}`);
  }
  await peer.close();
}

const why = missing() || (models.length ? "" : "usage: run.mjs PROGRAM MODEL.gguf…");
if (why) {
  console.error(why);
  process.exit(77);
}
console.log(`${os.cpus()[0].model}, ${threads} threads, ${version()}, medians of ${repeat}, load ${os.loadavg()[0].toFixed(1)}`);
console.log(`${"model".padEnd(18)} ${"tokens/s".padEnd(12)} ${"cmdai".padStart(8)} ${"peer".padStart(8)}  ratio`);
const llama = await open(threads);
for (const file of models) await compare(llama, file);
await llama.dispose();
