/* A vocabulary as large as Qwen2.5's (151,643 tokens, 151,387 merges): loading one is a good part of a start, here and at
 * the peer. The words that our own prompts are made of are tokens, as in the real one, but for the longest, so that a
 * prompt is as long as there; the rest is filled with spellings that no prompt has. Always the same bytes. */
import fs from "node:fs";
import path from "node:path";

const MERGES = 151387, LONGEST = 5;
/* Of REQUEST and what stands around it in a chat: with them the prompt of `cmdai ask` has 141 tokens, 14 of them behind the
 * part that is always the same. */
export const REQUEST = "show the ten largest files here";
const WHOLE = ["Ġthe", "Ġten", "Ġlargest", "Ġfiles", "Ġhere", "Ġbash", "Ġreason", "bash", "show", "```", "system", "user", "assistant"];
const SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

/* GPT-2's spelling of the 256 bytes, those that stand for themselves first. */
function bytes() {
  const plain = [], others = [];
  for (let b = 0; b < 256; b++) ((b > 0x20 && b < 0x7f) || (b > 0xa0 && b !== 0xad) ? plain : others).push(b);
  return [...plain.map((b) => String.fromCharCode(b)), ...others.map((_, i) => String.fromCharCode(256 + i))];
}

/* Merges that build each word letter by letter. Those behind a blank come first: no other merge then gets into them. */
function* ofWords(text) {
  const words = [...new Set(text.match(/ ?[A-Za-z]+/g))].map((w) => w.replace(" ", "Ġ").slice(0, LONGEST));
  const behind = (list, blank) => list.filter((w) => w.startsWith("Ġ") === blank);
  for (const word of [true, false].flatMap((blank) => [...behind(WHOLE, blank), ...behind(words, blank)]))
    for (let n = 1; n < word.length; n++) yield [word.slice(0, n), word[n]];
}

/* Pairs of what isn't ASCII, each of the last thousands of tokens with another. */
function* ofNothing(tokens) {
  const some = tokens.slice(128, 256);
  for (let seed = 1; ; ) {
    seed = (seed * 48271) % 2147483647;
    const pair = [some[seed % some.length], some[(seed >> 8) % Math.min(some.length, 4096)]];
    if (pair[0].length + pair[1].length <= 8) some.push(pair.join("")), yield pair;
  }
}

/* Writes the three files that tools/mkmodel reads; text holds the words. */
export function writeVocab(folder, text) {
  const tokens = bytes(), known = new Set(tokens), merges = ["#version: 0.2"];
  function add([a, b]) {
    if (known.has(a + b)) return;
    known.add(a + b), tokens.push(a + b), merges.push(`${a} ${b}`);
  }
  for (const pair of ofWords(text)) add(pair);
  for (const pair of ofNothing(tokens)) {
    add(pair);
    if (merges.length > MERGES) break;
  }
  const added = SPECIAL.map((text, i) => ({ id: tokens.length + i, text, gguf_type: 3 }));
  const files = { "vocab.json": JSON.stringify(Object.fromEntries(tokens.map((t, i) => [t, i]))),
                  "merges.txt": merges.join("\n") + "\n", "added_tokens.json": JSON.stringify(added) };
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), content);
}
