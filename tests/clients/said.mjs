/* The tokens of a text and their probabilities, as both interfaces write them. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";

const near = 1e-4; /* of sums of logarithms, each of which is a float */
export const sumOf = (logprobs) => logprobs.reduce((sum, l) => sum + l, 0);
export const bytesOf = (list) => Buffer.from(list.flatMap((t) => t.bytes));

function isSpelled(t) {
  assert.ok(t.logprob <= 0, `${t.token}: ${t.logprob}`);
  assert.ok(t.bytes.length && t.bytes.every((b) => Number.isInteger(b) && b >= 0 && b < 256), String(t.bytes));
  assert.equal(t.token, Buffer.from(t.bytes).toString());
}

/* All by the model itself, however was drawn: one that was drawn is as likely as it is among the others. */
function isToken(t, likely) {
  assert.deepEqual(Object.keys(t).sort(), ["bytes", "logprob", "token", "top_logprobs"]);
  assert.equal(t.top_logprobs.length, likely);
  for (const o of [t, ...t.top_logprobs]) isSpelled(o);
  for (const o of t.top_logprobs) assert.deepEqual(Object.keys(o).sort(), ["bytes", "logprob", "token"]);
  const all = t.top_logprobs.map((o) => o.logprob);
  assert.deepEqual(all, all.toSorted((a, b) => b - a));
  assert.ok(sumOf(all.map(Math.exp)) <= 1 + near);
  const self = t.top_logprobs.find((o) => o.token === t.token && String(o.bytes) === String(t.bytes));
  if (self) assert.equal(self.logprob, t.logprob);
  else if (likely) assert.ok(t.logprob <= all.at(-1), `${t.token} is missing`);
}

/* The sum is that of the text, which also has its end token and special ones; `cut`: there are none. */
export function isSum(logprobs, whole, cut) {
  const sum = sumOf(logprobs);
  assert.ok(sum >= whole - near, `${sum} is less than ${whole}`);
  if (cut) assert.ok(Math.abs(sum - whole) < near, `${sum} is not ${whole}`);
}

/* `list` is what `text` is made of. Where it isn't drawn, each token is the likeliest one. */
export function isSaid(list, text, { logprob, cut = false, likely = 0, drawn = false }) {
  for (const t of list) isToken(t, likely);
  assert.equal(bytesOf(list).toString(), text);
  isSum(list.map((t) => t.logprob), logprob, cut);
  if (drawn || !likely) return;
  for (const { top_logprobs, ...t } of list) assert.deepEqual(top_logprobs[0], t);
}

/* By the first token that differs: a long list's whole difference takes minutes. */
export function isSame(list, expected, what = "a stream") {
  const at = expected.findIndex((t, i) => !isDeepStrictEqual(list[i], t));
  assert.deepEqual([what, list[at], list.length], [what, expected[at], expected.length]);
}

/* A stop may begin within a token, which is then the last one: its beginning is in the text. */
export function isStopped(list, text) {
  assert.ok(bytesOf(list).toString().startsWith(text), text);
  assert.ok(!list.length || bytesOf(list.slice(0, -1)).length < Buffer.byteLength(text), `${list.at(-1)?.token} is not in ${text}`);
}

/* Where a stop of "find . -type f -size +1G" may begin: at a token, within one, at the first; and some that only seem to. */
export const stopsOf = (text) => [
  text.at(-1), text.slice(-2), text.slice(-3), text.slice(0, 2), text.slice(1, 3), text.slice(5, 9), text.slice(8, 13),
  `${text.slice(3, 9)}?`, `${text.slice(8, 14)}?`, `${text.at(-1)}?`,
].filter(Boolean);
