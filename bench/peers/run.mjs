/* run.mjs [--json] [--small] [--repeat N] [--threads N] PROGRAM MODEL.gguf…: tokens per second of ours and of llama.cpp
 * (node-llama-cpp), interleaved A B A B, as medians with their spread: a quick look at what `make bench-report` measures
 * with the machine's limits beside it. The peer's decode carries JavaScript's overhead. Says which rows were too noisy. */
import os from "node:os";
import { parseArgs } from "node:util";
import { figure, isNoisy, machine } from "../measure.mjs";
import { run } from "../parts/speed.mjs";
import { PeerProcess } from "./client.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean" },
    small: { type: "boolean" },
    repeat: { type: "string", default: "5" },
    threads: { type: "string", default: String(os.cpus().length) },
  },
});
const [program, ...files] = positionals, threads = Number(values.threads);
const peer = await PeerProcess.start(threads);
const why = peer.why || (files.length ? "" : "usage: run.mjs PROGRAM MODEL.gguf…");

const line = ({ model, phase, ours, theirs }) =>
  `${model.padEnd(18)} ${phase.name.padEnd(12)} ${figure(ours.median).padStart(8)} ${figure(theirs.median).padStart(8)} ` +
  (isNoisy(ours, theirs) ? "  noisy: don't judge" : `${(ours.median / theirs.median).toFixed(2).padStart(6)} x`);

async function main() {
  const t = { program, files, threads, peer, small: values.small, repeat: Number(values.repeat), note: () => {}, limit: () => {} };
  const { rows } = await run(t);
  if (values.json) return console.log(JSON.stringify({ peer: peer.version, threads, rows }));
  console.log(`${machine(threads)}, ${peer.version}, load ${os.loadavg()[0].toFixed(1)}`);
  console.log(`${"model".padEnd(18)} ${"tokens/s".padEnd(12)} ${"cmdai".padStart(8)} ${"peer".padStart(8)}  ratio`);
  for (const row of rows) console.log(line(row));
}

if (why) {
  console.error(why);
  process.exitCode = 77;
} else await main();
peer.stop();
