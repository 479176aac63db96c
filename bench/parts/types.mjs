/* Kernels by tensor type, as `checkasm --bench` prints them for the best instruction set of this machine. */
import fs from "node:fs";
import path from "node:path";
import { timed } from "../measure.mjs";

export const name = "types", title = "Kernels by tensor type";

export async function run(t) {
  if (t.small) return { why: "all types take their time" };
  const tool = path.join(t.build, "checkasm");
  if (!fs.existsSync(tool)) return { why: "checkasm isn't built" };
  const lines = timed([tool, "--bench"]).out.trimEnd().split("\n");
  const isa = JSON.parse(timed([t.program, "bench", "--json", "--prompt", "1", "--decode", "1", "--repeat", "1"]).out).isa;
  return { isa, lines: lines.filter((l) => l.includes(` ${isa} `) || /^type\b/.test(l)) };
}

export function text({ why, isa, lines }) {
  if (why) return `Not measured: ${why}.`;
  return `One thread, from memory that no cache holds; ${isa}.\n\n\`\`\`\n${lines.join("\n")}\n\`\`\``;
}
