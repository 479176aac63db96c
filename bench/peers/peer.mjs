/* llama.cpp as node-llama-cpp brings it: the one door through which tests and measurements use it. */
import fs from "node:fs";

const folder = new URL("./node_modules/node-llama-cpp/", import.meta.url);

/* Why the peer can't be used here, or "" when it can. */
export function missing() {
  if (!fs.existsSync(folder))
    return "node-llama-cpp is not installed; run: make peers";
  if (process.platform !== "linux" || process.arch !== "x64")
    return "node-llama-cpp is installed here for linux-x64 only";
  return "";
}

export function version() {
  const text = fs.readFileSync(new URL("package.json", folder), "utf8");
  return `node-llama-cpp ${JSON.parse(text).version}`;
}

export async function open(threads) {
  const { getLlama, LlamaLogLevel } = await import(new URL("dist/index.js", folder));
  return getLlama({
    build: "never",
    gpu: false,
    logLevel: LlamaLogLevel.error,
    maxThreads: threads,
  });
}

/* A loaded model with one sequence on it. */
export class Peer {
  static async load(llama, path, { threads = 1, contextSize = 512, batchSize = 512 } = {}) {
    const peer = new Peer();
    const start = performance.now();
    peer.model = await llama.loadModel({ modelPath: path, gpuLayers: 0 });
    peer.loadMs = performance.now() - start;
    peer.context = await peer.model.createContext({
      contextSize,
      batchSize,
      threads,
      flashAttention: false,
    });
    peer.sequence = peer.context.getSequence();
    return peer;
  }

  tokens(text, special) {
    return Array.from(this.model.tokenize(text, special));
  }

  /* Evaluates ids on an empty context; gives the raw logits after each position from `first` on. */
  async logits(ids, first) {
    await this.sequence.clearHistory();
    const wanted = { generateNext: { logits: true } };
    const input = ids.map((id, i) => (i < first ? id : [id, wanted]));
    const output = await this.sequence.controlledEvaluate(input);
    return output.slice(first).map(({ next }) => {
      const logits = new Float32Array(next.logits.size);
      for (const [id, value] of next.logits) logits[id] = value;
      return logits;
    });
  }

  async close() {
    await this.context.dispose();
    await this.model.dispose();
  }
}

/* Root mean square of the differences of two equally long arrays. */
export function rms(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum / a.length);
}
