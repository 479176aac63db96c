/* Kernels by tensor type, as `checkasm --bench` prints them for the best instruction set of this machine. */
import fs from "node:fs";
import path from "node:path";
import { figure, percent, table, timed } from "../measure.mjs";

export const name = "types", title = "Kernels by tensor type", sharesLimits = true;

/* "Q4_K   avx2  …   10.4 GB/s      48 ns/1000 values unpacked", of which the end may be missing. */
export function rowsOf(out, isa) {
  const lines = out.split("\n").map((line) => /^(\S+) +(\S+) .*?([\d.]+) GB\/s *(.*)$/.exec(line));
  return lines.filter((m) => m?.[2] === isa).map(([, type, , rate, rest]) => ({ type, rate: Number(rate), rest }));
}

export async function run(t) {
  if (t.small) return { why: "all types take their time" };
  const tool = path.join(t.build, "checkasm");
  if (!fs.existsSync(tool)) return { why: "checkasm isn't built" };
  const { isa } = JSON.parse(timed([t.program, "bench", "--json", "--prompt", "1", "--decode", "1", "--repeat", "1"]).out);
  return { rows: rowsOf(timed([tool, "--bench"]).out, isa) };
}

export function text({ why, rows }, { limits }) {
  if (why) return `Not measured: ${why}.`;
  const most = limits.rows[0].read.median; /* of one thread */
  return "Products of rows with one column, from memory that no cache holds, and unpacking for many columns; one thread, the best of\nseveral runs.\n\n" +
    table(["type", "GB/s of weights", "share of reading", ""],
          rows.map(({ type, rate, rest }) => [type, figure(rate), percent(rate / most), rest]));
}
