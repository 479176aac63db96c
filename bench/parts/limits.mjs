/* What the machine can give, measured before, between and after all that is held against it. */
import { percent, table } from "../measure.mjs";

export const name = "limits", title = "Limits of the machine", sharesLimits = true;

export async function run(t) {
  await t.limit();
  return {};
}

export function text(_, { limits }) {
  const rows = limits.rows.map((r) => [r.threads, r.read.median.toFixed(1), percent(r.read.spread), r.int8.median.toFixed(0),
                                       percent(r.int8.spread)]);
  return table(["threads", "read, GB/s", "spread", `int8, Gop/s (${limits.int8Name})`, "spread"], rows);
}
