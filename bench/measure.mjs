/* What the measuring scripts share: our program's runs, how to repeat and sum them up, and tables. */
import { execFileSync, spawnSync } from "node:child_process";
import os from "node:os";

/* A spread of the middle half above this share of the median: other programs were at work. */
export const NOISY = 0.15;
/* A row is repeated for so long, but not less often than that; a first round of so long counts too. */
const ROW_MS = 20e3, LEAST = 3, LONG_MS = 5e3;

export function summary(list) {
  const v = [...list].sort((a, b) => a - b);
  const at = (share) => v[Math.min(v.length - 1, Math.floor(share * v.length))];
  return { median: at(0.5), spread: v.length > 1 ? (at(0.75) - at(0.25)) / at(0.5) : NaN, n: v.length };
}

/* One run alone shows no spread, so that nothing is said against it. */
export const isNoisy = (...summaries) => summaries.some(({ spread, n }) => n > 1 && !(spread <= NOISY));

/* Calls each function in turn, A B C A B C: `most` times or as often as there is time for. The first round warms up, and
 * doesn't count unless it is long. One list of results for each. */
export async function inTurn(most, functions) {
  const results = functions.map(() => []);
  const round = async () => {
    for (const [k, f] of functions.entries()) results[k].push(await f());
  };
  const start = performance.now();
  await round();
  const ms = performance.now() - start, times = Math.min(most, Math.max(LEAST, Math.floor(ROW_MS / ms)));
  if (ms < LONG_MS) for (const list of results) list.pop();
  while (results[0].length < times) await round();
  return results;
}

/* --- our program --- */

/* One fresh process. phase: {prompt, decode, batch}; decode 0 measures the prompt. */
export function bench(program, file, phase, threads) {
  const sizes = { prompt: phase.prompt, decode: phase.decode || 1, batch: phase.batch || 1, repeat: 1, threads };
  const args = Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const d = JSON.parse(execFileSync(program, ["bench", "--json", ...(file ? ["-m", file] : []), ...args]));
  return { ...d, speed: phase.decode ? d.decode_tokens_per_s : d.prefill_tokens_per_s };
}

/* Runs a command; `statuses` are fine. Its time as the caller sees it, and its output. */
export function timed(argv, { env = {}, statuses = [0] } = {}) {
  const start = performance.now();
  const ran = spawnSync(argv[0], argv.slice(1), { encoding: "utf8", env: { ...process.env, ...env }, maxBuffer: 1 << 28 });
  const ms = performance.now() - start;
  if (!statuses.includes(ran.status)) throw new Error(`${argv.join(" ")}: status ${ran.status}: ${ran.error ?? ran.stderr.slice(-500)}`);
  return { ms, out: ran.stdout };
}

export const machine = (threads) =>
  `${os.cpus()[0].model.trim()}, ${os.cpus().length} cores, ${threads} threads, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ` +
  `${os.type()} ${os.release()}`;

/* --- tables --- */

export const percent = (x) => (Number.isFinite(x) ? `${Math.round(100 * x)} %` : "-");
export const figure = (x) =>
  x === undefined || !Number.isFinite(x) ? "-" : x >= 1000 ? Math.round(x).toLocaleString("en") : x.toFixed(x < 10 ? 2 : 1);
export const table = (head, rows) =>
  [head, head.map((_, i) => (i ? "--:" : "---")), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/* Goals, and whether a figure reaches them. A noisy figure reaches nothing. */
const goal = (sign, reaches) => (limit, unit) => ({ text: `${sign} ${unit === "%" ? `${100 * limit} %` : `${limit} ${unit}`}`,
                                                    reached: (x) => reaches(x, limit) });
export const atLeast = goal("≥", (x, limit) => x >= limit);
export const atMost = goal("≤", (x, limit) => x <= limit);
export function verdict(wanted, value, noisy) {
  if (!wanted) return "";
  return `${wanted.text}: ${noisy || !Number.isFinite(value) ? "not judged" : wanted.reached(value) ? "reached" : "**missed**"}`;
}
