/* What the measuring scripts share: our program's speed in one phase, and how to sum up repeats. */
import { execFileSync } from "node:child_process";
import os from "node:os";

/* A spread of the middle half above this share of the median: other programs were at work. */
export const NOISY = 0.15;

export function summary(list) {
  const v = [...list].sort((a, b) => a - b);
  const at = (share) => v[Math.min(v.length - 1, Math.floor(share * v.length))];
  return { median: at(0.5), spread: (at(0.75) - at(0.25)) / at(0.5) };
}

export const isNoisy = (...summaries) => summaries.some(({ spread }) => !(spread <= NOISY));

/* One fresh process. phase: {prompt, decode, batch}; decode 0 measures the prompt. */
export function bench(program, file, phase, threads) {
  const sizes = { prompt: phase.prompt, decode: phase.decode || 1, batch: phase.batch || 1, repeat: 1, threads };
  const args = Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const d = JSON.parse(execFileSync(program, ["bench", "--json", "-m", file, ...args]));
  return { ...d, speed: phase.decode ? d.decode_tokens_per_s : d.prefill_tokens_per_s };
}

export const machine = (threads) =>
  `${os.cpus()[0].model.trim()}, ${os.cpus().length} cores, ${threads} threads, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ` +
  `${os.type()} ${os.release()}`;

/* `a` and `b` in turn, after one of each that doesn't count. */
export async function alternate(repeat, a, b) {
  const of = [[], []];
  await a(), await b();
  for (let i = 0; i < repeat; i++) of[0].push(await a()), of[1].push(await b());
  return of.map(summary);
}
