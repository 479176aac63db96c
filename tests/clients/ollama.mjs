/* Ollama's official client. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { Serve } from "./serve.mjs";

const require = createRequire(import.meta.url);
const model = "cmdai";
const ask = (content) => [{ role: "user", content }];

function connect(s, headers = s.headers) {
  const { Ollama } = require("ollama");
  return new Ollama({ host: s.url, headers });
}

async function all(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

const costs = ["total_duration", "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration"];

function isLast(part) {
  assert.equal(part.done, true);
  assert.ok(["stop", "length"].includes(part.done_reason));
  for (const name of costs) assert.ok(Number.isInteger(part[name]) && part[name] >= 0, name);
  assert.ok(part.total_duration >= part.prompt_eval_duration + part.eval_duration);
  assert.ok(!Number.isNaN(Date.parse(part.created_at)));
}

async function about(s) {
  const c = connect(s);
  const { models } = await c.list(), running = (await c.ps()).models;
  assert.equal(models.length, 1);
  assert.equal(running[0].digest, models[0].digest);
  assert.match(models[0].digest, /^[0-9a-f]{64}$/);
  assert.ok(models[0].size > 1e6);
  const shown = await c.show({ model: models[0].name });
  assert.equal(`${shown.model_info["general.name"]}:latest`, models[0].name);
  assert.ok(shown.model_info["cmdai.confidence.scale"] > 0);
  assert.deepEqual(shown.capabilities, ["completion"]);
  assert.equal(shown.details.quantization_level, models[0].details.quantization_level);
  assert.match((await c.version()).version, /^\d+\.\d+\.\d+/);
}

/* All ways to ask the same give the same text. */
async function talk(s) {
  const c = connect(s), words = "show disk usage";
  const whole = await c.chat({ model, messages: ask(words) });
  isLast(whole);
  assert.equal(whole.message.role, "assistant");
  assert.ok(whole.message.content.length > 1);
  const parts = await all(await c.chat({ model, messages: ask(words), stream: true }));
  isLast(parts.at(-1));
  assert.ok(parts.length > 1 && parts.slice(0, -1).every((p) => p.done === false));
  assert.equal(parts.map((p) => p.message.content).join(""), whole.message.content);
  const text = await c.generate({ model: "cmdai:latest", prompt: words });
  isLast(text);
  assert.equal(text.model, "cmdai:latest");
  assert.equal(text.response, whole.message.content);
  const pieces = await all(await c.generate({ model, prompt: words, stream: true }));
  assert.equal(pieces.map((p) => p.response).join(""), text.response);
}

async function options(s) {
  const c = connect(s), words = "list files";
  const whole = (await c.generate({ model, prompt: words })).response;
  const cut = await c.generate({ model, prompt: words, options: { num_predict: 1 } });
  assert.equal(cut.done_reason, "length");
  assert.equal(cut.eval_count, 1);
  assert.ok(whole.startsWith(cut.response) && cut.response.length < whole.length);
  const stop = whole.trim().at(-1);
  const stopped = await c.generate({ model, prompt: words, options: { stop: [stop] } });
  assert.equal(stopped.response, whole.slice(0, whole.indexOf(stop)));
  assert.equal(stopped.done_reason, "stop");
  const drawn = (seed) => c.generate({ model, prompt: "x", options: { temperature: 100, seed, num_predict: 20 } });
  const [one, again, other] = [await drawn(1), await drawn(1), await drawn(2)];
  assert.equal(one.response, again.response);
  assert.notEqual(one.response, other.response);
  const begun = await c.chat({ model, messages: [...ask(words), { role: "assistant", content: cut.response }] });
  assert.equal(cut.response + begun.message.content, whole);
  const raw = await c.generate({ model, prompt: "ls -", raw: true, options: { num_predict: 3 } });
  assert.ok(raw.prompt_eval_count < cut.prompt_eval_count);
}

async function load(s) {
  const c = connect(s);
  const loaded = await c.generate({ model, prompt: "" });
  assert.deepEqual([loaded.done, loaded.done_reason, loaded.response], [true, "load", ""]);
  assert.equal((await c.chat({ model, messages: [], keep_alive: "5m" })).done_reason, "load");
}

/* Each with the status and a text that says what to do, also for a stream. */
async function errors(s) {
  const c = connect(s);
  const rows = [
    [() => c.chat({ model: "llama3", messages: ask("x") }), 404, /llama3.*not found.*cmdai/],
    [() => c.chat({ model: "llama3", messages: ask("x"), stream: true }), 404, /llama3/],
    [() => c.show({ model: "llama3" }), 404, /llama3/],
    [() => c.generate({ model, prompt: "x", options: { temperature: "hot" } }), 400, /options\.temperature/],
    [() => c.generate({ model, prompt: "x", format: "json" }), 400, /format/],
    [() => c.generate({ model, prompt: "x".repeat(20000) }), 400, /tokens.*context/],
    [() => c.generate({ model, prompt: "x".repeat(20000), stream: true }), 400, /tokens.*context/],
    [() => c.chat({ model, messages: [{ role: "tool", content: "x" }] }), 400, /messages\[0\]\.role/],
    [() => c.chat({ model, messages: ask("x"), tools: [{ type: "function", function: { name: "f" } }] }), 400, /tools/],
    [() => c.pull({ model: "llama3" }), 501, /cmdai models pull/],
    [() => c.delete({ model: "llama3" }), 501, /cmdai models rm/],
    [() => c.embed({ model, input: "x" }), 501, /embeddings/],
  ];
  for (const [run, status, text] of rows)
    await assert.rejects(run, (e) => e.name === "ResponseError" && e.status_code === status && text.test(e.message), String(text));
}

/* Who goes away is noticed, and the model stops. It likes what it has said, and so says the same for as long as it can. */
async function abort(s) {
  const c = connect(s), words = "a ".repeat(10);
  const request = { model, prompt: words, raw: true, options: { repeat_penalty: 0.01, num_predict: -1 } };
  assert.ok((await c.generate(request)).eval_count > 900);
  await s.notices(async () => {
    const stream = await c.generate({ ...request, stream: true });
    await assert.rejects(async () => {
      for await (const part of stream) {
        assert.equal(part.done, false);
        stream.abort();
      }
    }, { name: "AbortError" });
  });
  assert.ok((await c.generate({ model, prompt: "list files" })).done);
}

/* Eight at once say what each says alone, to the last bit of their probabilities. */
async function together(s) {
  const c = connect(s);
  const words = ["list files", "show disk usage", "find large files", "count lines in a.txt", "print the date", "who am i", "show running processes", "make a folder x"];
  const drawn = (prompt, i) => c.generate({ model, prompt, options: i % 2 ? { temperature: 1.5, seed: i } : {} });
  const alone = [];
  for (const [i, w] of words.entries()) alone.push(await drawn(w, i));
  for (let round = 0; round < 3; round++) {
    const all = await Promise.all(words.map(drawn));
    assert.deepEqual(all.map((r) => [r.response, r.cmdai.logprob, r.eval_count]), alone.map((r) => [r.response, r.cmdai.logprob, r.eval_count]));
  }
}

async function token(s) {
  const closed = await Serve.start(s.program, { token: "s3cret" });
  try {
    assert.equal((await connect(closed).list()).models.length, 1);
    for (const headers of [{}, { Authorization: "Bearer wrong" }])
      await assert.rejects(() => connect(closed, headers).list(), { status_code: 401 });
  } finally {
    await closed.stop();
  }
}

export const client = "ollama";
export const checks = { about, talk, options, load, errors, abort, together, token };
