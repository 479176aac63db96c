/* Ollama's official client. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { isSaid, isSame, isStopped, isSum, stopsOf } from "./said.mjs";
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

/* Both ways to ask, with the text of a part. */
const ways = (c, words) => [
  [(more) => c.chat({ model, messages: ask(words), ...more }), (part) => part.message.content],
  [(more) => c.generate({ model, prompt: words, ...more }), (part) => part.response],
];

/* What a text is made of; asking for it changes nothing else. */
async function said(s) {
  for (const [run, textOf] of ways(connect(s), "find files larger than 1GB")) {
    const plain = await run({});
    assert.ok(!("logprobs" in plain));
    assert.ok((await all(await run({ stream: true }))).every((p) => !("logprobs" in p)));
    for (const [top, likely] of [[{}, 0], [{ top_logprobs: 0 }, 0], [{ top_logprobs: 1 }, 1], [{ top_logprobs: 20 }, 20]])
      for (const num_predict of [undefined, 1, 4]) {
        const asked = { logprobs: true, ...top, options: { num_predict } };
        const whole = await run(asked), cut = whole.done_reason === "length";
        assert.equal(cut, num_predict !== undefined);
        isSaid(whole.logprobs, textOf(whole), { ...whole.cmdai, cut, likely });
        assert.equal(whole.logprobs.length, whole.eval_count - (cut ? 0 : 1));
        if (!cut) assert.deepEqual([textOf(whole), whole.cmdai.logprob], [textOf(plain), plain.cmdai.logprob]);
        const parts = await all(await run({ ...asked, stream: true }));
        for (const p of parts.slice(0, -1)) isSaid(p.logprobs, textOf(p), { logprob: -Infinity, likely });
        assert.ok(!("logprobs" in parts.at(-1)));
        isSame(parts.slice(0, -1).flatMap((p) => p.logprobs ?? []), whole.logprobs);
      }
  }
}

/* Nearly any token comes here: characters that are several, parts of some, and special ones, which are no text. */
async function saidCharacters(s) {
  const c = connect(s);
  let apart = 0;
  for (let seed = 0; seed < 60 && !apart; seed++) {
    const request = { model, prompt: "x", logprobs: true, top_logprobs: 3, options: { temperature: 100, seed, num_predict: -1 } };
    const whole = await c.generate(request);
    isSaid(whole.logprobs, whole.response, { ...whole.cmdai, cut: whole.logprobs.length === whole.eval_count, likely: 3, drawn: true });
    const parts = await all(await c.generate({ ...request, stream: true }));
    isSame(parts.flatMap((p) => p.logprobs ?? []), whole.logprobs);
    assert.ok(parts.every((p) => !p.response === !p.logprobs));
    apart += parts.filter((p) => [...p.response].length === 1 && p.response !== "\ufffd" && p.logprobs.length > 1).length;
  }
  assert.ok(apart, "no character is made of several tokens");
}

async function saidStops(s) {
  for (const [run, textOf] of ways(connect(s), "find files larger than 1GB")) {
    const whole = await run({ logprobs: true }), text = textOf(whole);
    for (const stop of stopsOf(text)) {
      const asked = { logprobs: true, options: { stop: [stop] } };
      const stopped = await run(asked), list = stopped.logprobs ?? [];
      assert.equal(textOf(stopped), text.split(stop)[0]);
      isStopped(list, textOf(stopped));
      isSame(list, whole.logprobs.slice(0, list.length), stop);
      isSum(list.map((t) => t.logprob), stopped.cmdai.logprob);
      const parts = await all(await run({ ...asked, stream: true }));
      isSame(parts.flatMap((p) => p.logprobs ?? []), list, `a stream to the stop ${JSON.stringify(stop)}`);
    }
  }
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
    [() => c.generate({ model, prompt: "x", top_logprobs: 3 }), 400, /top_logprobs.*logprobs/],
    [() => c.chat({ model, messages: ask("x"), logprobs: true, top_logprobs: 21 }), 400, /top_logprobs.*20/],
    [() => c.chat({ model, messages: ask("x"), logprobs: "yes", stream: true }), 400, /logprobs/],
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
export const checks = { about, talk, options, said, saidCharacters, saidStops, load, errors, abort, together, token };
