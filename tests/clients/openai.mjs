/* OpenAI's official client. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { Serve } from "./serve.mjs";

const require = createRequire(import.meta.url);
const model = "cmdai";
const ask = (content) => [{ role: "user", content }];

function connect(s, apiKey = s.token ?? "none") {
  const { OpenAI } = require("openai");
  return new OpenAI({ baseURL: `${s.url}/v1`, apiKey, maxRetries: 0 });
}

async function all(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

async function models(s) {
  const c = connect(s);
  const list = await all(c.models.list());
  assert.equal(list.length, 1);
  const [m] = list;
  assert.deepEqual([m.object, m.owned_by], ["model", "cmdai"]);
  assert.ok(Math.abs(m.created - Date.now() / 1000) < 3600);
  assert.deepEqual(await c.models.retrieve(m.id), m);
  assert.match(m.cmdai.sha256, /^[0-9a-f]{64}$/);
}

function isUsage(u) {
  assert.ok(u.prompt_tokens > 0 && u.completion_tokens > 0);
  assert.equal(u.total_tokens, u.prompt_tokens + u.completion_tokens);
  assert.ok(u.prompt_tokens_details.cached_tokens <= u.prompt_tokens);
}

async function chat(s) {
  const c = connect(s), words = "show disk usage";
  const whole = await c.chat.completions.create({ model, messages: ask(words) });
  const [choice] = whole.choices;
  assert.deepEqual([whole.object, whole.model, whole.choices.length], ["chat.completion", model, 1]);
  assert.deepEqual([choice.index, choice.finish_reason, choice.message.role], [0, "stop", "assistant"]);
  assert.match(whole.id, /^chatcmpl-\d+$/);
  isUsage(whole.usage);
  const theirs = await s.json("/api/chat", { model, messages: ask(words), stream: false });
  assert.equal(choice.message.content, theirs.body.message.content);
  const parts = [{ type: "text", text: words.slice(0, 4) }, { type: "text", text: words.slice(4) }];
  const split = await c.chat.completions.create({ model, messages: [{ role: "user", content: parts }] });
  assert.equal(split.choices[0].message.content, choice.message.content);
}

async function stream(s) {
  const c = connect(s), request = { model, messages: ask("show disk usage") };
  const whole = await c.chat.completions.create(request);
  const chunks = await all(await c.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } }));
  assert.equal(new Set(chunks.map((k) => k.id)).size, 1);
  assert.equal(chunks[0].choices[0].delta.role, "assistant");
  assert.equal(chunks.map((k) => k.choices[0]?.delta.content ?? "").join(""), whole.choices[0].message.content);
  assert.deepEqual(chunks.map((k) => k.choices[0]?.finish_reason ?? null).filter(Boolean), ["stop"]);
  assert.deepEqual(chunks.at(-1).choices, []);
  isUsage(chunks.at(-1).usage);
  assert.ok(chunks.slice(0, -1).every((k) => k.usage === null));
  /* The client's own reading of a stream, which checks its order. */
  const runner = c.chat.completions.stream(request);
  const final = await runner.finalChatCompletion();
  assert.equal(final.choices[0].message.content, whole.choices[0].message.content);
}

/* Several texts at once, each with its own pieces. */
async function several(s) {
  const c = connect(s), request = { model, messages: ask("find files"), n: 3, temperature: 1, seed: 5 };
  const whole = await c.chat.completions.create(request);
  assert.deepEqual(whole.choices.map((k) => k.index), [0, 1, 2]);
  const texts = ["", "", ""];
  for await (const chunk of await c.chat.completions.create({ ...request, stream: true }))
    for (const k of chunk.choices) texts[k.index] += k.delta.content ?? "";
  assert.deepEqual(texts, whole.choices.map((k) => k.message.content));
}

async function completions(s) {
  const c = connect(s), request = { model, prompt: "ls -l", max_tokens: 4 };
  const whole = await c.completions.create(request);
  assert.equal(whole.object, "text_completion");
  assert.ok(whole.usage.completion_tokens <= 4);
  const chunks = await all(await c.completions.create({ ...request, stream: true }));
  assert.equal(chunks.map((k) => k.choices[0].text).join(""), whole.choices[0].text);
  assert.equal(chunks.at(-1).choices[0].finish_reason, whole.choices[0].finish_reason);
}

async function limits(s) {
  const c = connect(s), request = { model, messages: ask("list files") };
  const whole = (await c.chat.completions.create(request)).choices[0].message.content;
  const short = await c.chat.completions.create({ ...request, max_completion_tokens: 1 });
  assert.equal(short.choices[0].finish_reason, "length");
  assert.ok(whole.startsWith(short.choices[0].message.content));
  const stop = whole.trim().at(-1);
  const stopped = await c.chat.completions.create({ ...request, stop });
  assert.equal(stopped.choices[0].message.content, whole.slice(0, whole.indexOf(stop)));
}

async function errors(s) {
  const { NotFoundError, BadRequestError, InternalServerError } = require("openai");
  const c = connect(s), messages = ask("x");
  const rows = [
    [() => c.chat.completions.create({ model: "gpt-4o", messages }), NotFoundError, "model", "model_not_found"],
    [() => c.models.retrieve("gpt-4o"), NotFoundError, null, "model_not_found"],
    [() => c.chat.completions.create({ model, messages, temperature: "hot" }), BadRequestError, "temperature", null],
    [() => c.chat.completions.create({ model, messages, logprobs: true }), BadRequestError, "logprobs", null],
    [() => c.chat.completions.create({ model, messages, response_format: { type: "json_object" } }), BadRequestError, "response_format.type", null],
    [() => c.chat.completions.create({ model, messages: ask("x".repeat(20000)) }), BadRequestError, null, "context_length_exceeded"],
    [() => c.chat.completions.create({ model, messages: ask("x".repeat(20000)), stream: true }), BadRequestError, null, "context_length_exceeded"],
    [() => c.embeddings.create({ model, input: "x" }), InternalServerError, null, "unsupported"],
    [() => c.responses.create({ model, input: "x" }), InternalServerError, null, "unsupported"],
  ];
  for (const [run, kind, param, code] of rows)
    await assert.rejects(run, (e) => {
      assert.ok(e instanceof kind, `${e.constructor.name}: ${e.message}`);
      assert.deepEqual([e.param ?? null, e.code ?? null], [param, code], e.message);
      return true;
    });
}

/* As with the other client: it says the same for as long as it can. */
async function abort(s) {
  const c = connect(s), request = { model, prompt: "a ".repeat(10), repetition_penalty: 0.01, max_tokens: 100000 };
  assert.ok((await c.completions.create(request)).usage.completion_tokens > 900);
  await s.notices(async () => {
    const stream = await c.completions.create({ ...request, stream: true });
    for await (const chunk of stream) {
      assert.equal(chunk.choices[0].finish_reason, null);
      stream.controller.abort();
    }
  });
}

async function together(s) {
  const c = connect(s);
  const words = ["list files", "show disk usage", "find large files", "count lines in a.txt", "print the date", "who am i", "show running processes", "make a folder x"];
  const one = async (content, i) => {
    const r = await c.chat.completions.create({ model, messages: ask(content), ...(i % 2 ? { temperature: 1.5, seed: i } : {}) });
    return [r.choices[0].message.content, r.choices[0].cmdai.logprob];
  };
  const alone = [];
  for (const [i, w] of words.entries()) alone.push(await one(w, i));
  for (let round = 0; round < 3; round++) assert.deepEqual(await Promise.all(words.map(one)), alone);
}

async function token(s) {
  const closed = await Serve.start(s.program, { token: "s3cret" });
  try {
    assert.equal((await all(connect(closed).models.list())).length, 1);
    await assert.rejects(() => all(connect(closed, "wrong").models.list()), require("openai").AuthenticationError);
  } finally {
    await closed.stop();
  }
}

export const client = "openai";
export const checks = { models, chat, stream, several, completions, limits, errors, abort, together, token };
