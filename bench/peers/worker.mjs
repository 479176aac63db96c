/* llama.cpp in a process of its own, which client.mjs starts: a message {op, args} is answered with {value} or {error}.
 * Where node-llama-cpp offers two ways, the faster one is taken. Times are milliseconds. */
import { open, version } from "./peer.mjs";

let llama, model, context, sequences = [], batches = [];

const idsOf = (n, salt = 0) => Array.from({ length: n }, (_, i) => (i * 7919 + 13 + salt * 31) % 300);
const sample = { generateNext: { token: true, options: { temperature: 0 } } };

async function since(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/* Counts the tokens of each pass: 16 texts at once are that only if they share it. */
function watch({ items }) {
  batches.push(items.reduce((sum, { tokens }) => sum + tokens.length, 0));
  return items.map((item) => ({ item, processAmount: item.tokens.length }));
}

async function generate(sequence, ids, n) {
  for await (const _ of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) if (--n === 0) break;
}

/* Forgets all behind the first `kept` tokens, and computes those if they aren't there. */
async function keep(sequence, kept) {
  const has = sequence.nextTokenIndex;
  if (has > kept) await sequence.eraseContextTokenRanges([{ start: kept, end: has }]);
  if (has >= kept) return;
  await sequence.clearHistory();
  await sequence.evaluateWithoutGeneratingNewTokens(idsOf(kept));
}

async function close() {
  await context?.dispose();
  await model?.dispose();
  model = context = undefined;
}

async function load({ file, contextSize = 1024, texts = 1, threads }) {
  await close();
  llama ??= await open(threads);
  const loadMs = await since(async () => (model = await llama.loadModel({ modelPath: file, gpuLayers: 0 })));
  const contextMs = await since(async () => {
    const batching = { itemPrioritizationStrategy: watch };
    context = await model.createContext({ contextSize, sequences: texts, threads, batchSize: 512, batching });
    sequences = Array.from({ length: texts }, () => context.getSequence());
  });
  return { loadMs, contextMs };
}

const OPS = {
  version: async ({ threads }) => ((llama ??= await open(threads)), version()),
  load,
  close,

  /* Tokens per second of a prompt, of one text, of many together. */
  async prefill({ prompt }) {
    const ids = idsOf(prompt);
    await sequences[0].clearHistory();
    return (prompt * 1e3) / (await since(() => sequences[0].controlledEvaluate([...ids.slice(1), [ids[0], sample]])));
  },
  async decode({ prompt, decode }) {
    await sequences[0].clearHistory();
    await sequences[0].evaluateWithoutGeneratingNewTokens(idsOf(prompt));
    return (decode * 1e3) / (await since(() => generate(sequences[0], [7], decode)));
  },
  async together({ prompt, decode }) {
    for (const s of sequences) await s.clearHistory();
    await Promise.all(sequences.map((s, i) => s.evaluateWithoutGeneratingNewTokens(idsOf(prompt, i))));
    batches = [];
    let next = sequences.map(() => 7);
    const ms = await since(async () => {
      for (let step = 0; step < decode; step++) {
        const outputs = await Promise.all(sequences.map((s, i) => s.controlledEvaluate([[next[i], sample]])));
        next = outputs.map((output) => output.at(-1).next.token);
      }
    });
    const columns = batches.reduce((a, b) => a + b, 0) / batches.length;
    if (columns < sequences.length) throw new Error(`only ${columns.toFixed(1)} of ${sequences.length} texts shared a pass`);
    return (sequences.length * decode * 1e3) / ms;
  },

  /* A first command: all from the file on. */
  async answer({ file, prompt, decode, threads }) {
    const { loadMs, contextMs } = await load({ file, threads });
    const answerMs = await since(() => generate(sequences[0], idsOf(prompt), decode));
    return { loadMs, contextMs, answerMs, ms: loadMs + contextMs + answerMs };
  },
  /* Requests {fresh, decode} one after the other, behind `kept` tokens that are computed once, before. */
  async requests({ kept, requests }) {
    const times = [];
    for (const [i, { fresh, decode }] of requests.entries()) {
      await keep(sequences[0], kept);
      times.push(await since(() => generate(sequences[0], idsOf(fresh, i + 1), decode)));
    }
    return times;
  },
};

process.on("message", async ({ op, args }) => {
  try {
    process.send({ value: await OPS[op](args ?? {}) });
  } catch (e) {
    process.send({ error: e.message });
  }
});
process.on("disconnect", () => process.exit());
