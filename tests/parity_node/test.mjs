/* test.mjs BUILD ROOT: llama.cpp (node-llama-cpp) loads what our writer and quantizer wrote, makes the
 * same tokens of texts, and its raw logits on forced tokens agree with ours. Status 77: no peer here.
 *
 * How near is near enough: the fixtures' references say how far the peer was from the exact float64
 * result, and unit_engine_fixtures holds us to 1.5 times that; two programs within these distances of
 * one truth are within their sum of each other. Models without a reference: a tenth of the logits'
 * own spread. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { missing, open, Peer, rms, version } from "../../bench/peers/peer.mjs";

const MARGIN = 1 + 1.5;
const SPREAD = 0.1;

const [build, root] = process.argv.slice(2);
const shared = process.env.CM_SHARED || path.join(root, "../shared");
const fixtures = path.join(root, "tests/fixtures/models");
const json = (file) => JSON.parse(fs.readFileSync(file, "utf8"));
const texts = json(path.join(root, "tests/parity_node/texts.json"));
const references = json(path.join(fixtures, "references.json"));
let failed = 0;

function ours(program, ...args) {
  return execFileSync(path.join(build, program), args, { maxBuffer: 1 << 28 });
}

function ourTokens(file, text, special) {
  const options = special ? ["--special"] : [];
  return JSON.parse(ours("cmdai", "debug", "--json", "-m", file, ...options, "--", "tokenize", text)).ids;
}

function ourLogits(file, ids, first, vocab) {
  const bytes = ours("tools/logits", file, String(first), ids.join(","));
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return Array.from({ length: ids.length - first }, (_, i) => all.subarray(i * vocab, (i + 1) * vocab));
}

function check(good, what) {
  if (good) return;
  failed++;
  console.log(`FAILED: ${what}`);
}

function checkTokens(peer, file, list) {
  let same = 0;
  for (const text of list)
    for (const special of [false, true]) {
      const want = peer.tokens(text, special);
      const got = ourTokens(file, text, special);
      const equal = want.join() === got.join();
      check(equal, `${JSON.stringify(text)}, special ${special}: peer ${want}, we ${got}`);
      same += equal;
    }
  console.log(`${path.basename(file)}: tokens of ${same} of ${2 * list.length} texts are the peer's`);
}

/* Worst ratio of a prompt's distance to its tolerance. */
async function checkLogits(peer, file, prompts, tolerance) {
  let worst = 0;
  for (const [i, { ids, forced }] of prompts.entries()) {
    const theirs = await peer.logits([...ids, ...forced], ids.length - 1);
    const mine = ourLogits(file, [...ids, ...forced], ids.length - 1, theirs[0].length);
    const squares = theirs.map((logits, step) => rms(logits, mine[step]) ** 2);
    const distance = Math.sqrt(squares.reduce((a, b) => a + b) / squares.length);
    worst = Math.max(worst, distance / tolerance(i, theirs));
  }
  const verdict = `logits ${worst.toFixed(2)} of the tolerance apart`;
  check(worst <= 1, `${path.basename(file)}: ${verdict}`);
  console.log(`${path.basename(file).padEnd(28)} ${verdict}`);
}

function spread(steps) {
  const all = steps.flatMap((logits) => Array.from(logits));
  const mean = all.reduce((a, b) => a + b) / all.length;
  return rms(all, all.map(() => mean));
}

async function withModel(llama, file, use) {
  const peer = await Peer.load(llama, file);
  await use(peer);
  await peer.close();
}

async function checkFixtures(llama) {
  for (const [i, { name, peer_rms }] of references.models.entries()) {
    const file = path.join(fixtures, name);
    await withModel(llama, file, async (peer) => {
      if (i === 0) checkTokens(peer, file, [...texts, ...references.prompts.map((p) => p.text)]);
      await checkLogits(peer, file, references.prompts, (prompt) => MARGIN * peer_rms[prompt]);
    });
  }
}

/* A model without references: prompts are the texts with tokens of their own. */
async function checkOther(llama, file) {
  await withModel(llama, file, async (peer) => {
    checkTokens(peer, file, texts);
    const some = [texts[9], texts[14]].map((text) => ({ ids: peer.tokens(text, false), forced: [1, 20, 300, 77] }));
    await checkLogits(peer, file, some, (_, theirs) => SPREAD * spread(theirs));
  });
}

async function main() {
  const why = missing();
  if (why) {
    console.log(`SKIPPED, nothing was compared with llama.cpp: ${why}`);
    return 77;
  }
  console.log(`peer: ${version()}`);
  const llama = await open(1);
  await checkFixtures(llama);
  const embedded = path.join(root, "model/embedded/cmdai-tiny.gguf");
  if (fs.existsSync(embedded)) await checkOther(llama, embedded);
  const qwen = path.join(shared, "qwen2-tokenizer");
  if (fs.existsSync(qwen)) {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "cmdai-parity-")), "tiny-qwen.gguf");
    ours("tools/mkmodel", "--shape", "tiny-qwen", "--mix", "Q8_0", "--vocab", qwen, file);
    await checkOther(llama, file);
    fs.rmSync(path.dirname(file), { recursive: true });
  } else console.log(`no ${qwen}: the real tokenizer was not compared`);
  await llama.dispose();
  console.log(failed ? `${failed} checks failed` : "all agree");
  return failed ? 1 : 0;
}

process.exitCode = await main();
