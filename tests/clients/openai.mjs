/* OpenAI's official client. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { isSaid, isSame, isStopped, isSum, stopsOf, sumOf } from "./said.mjs";
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

const find = "find files larger than 1GB";

/* The lists of all chunks, and that each has those of its own text. */
function streamed(chunks, n = 1) {
  const lists = Array.from({ length: n }, () => []);
  for (const { index, delta, logprobs } of chunks.flatMap((k) => k.choices)) {
    if (!delta.content) assert.equal(logprobs, null);
    lists[index].push(...(logprobs?.content ?? []));
  }
  return lists;
}

/* What a text is made of, however it is asked for, and that asking changes nothing else. */
async function said(s) {
  const c = connect(s), request = { model, messages: ask(find) };
  const plain = await c.chat.completions.create(request);
  assert.equal(plain.choices[0].logprobs, null);
  const silent = await all(await c.chat.completions.create({ ...request, stream: true }));
  assert.ok(silent.every((k) => k.choices[0].logprobs === null));
  for (const [top, likely] of [[{}, 0], [{ top_logprobs: 0 }, 0], [{ top_logprobs: 1 }, 1], [{ top_logprobs: 20 }, 20]])
    for (const max_completion_tokens of [undefined, 1, 4]) {
      const asked = { ...request, logprobs: true, ...top, max_completion_tokens };
      const [choice] = (await c.chat.completions.create(asked)).choices;
      const { content, refusal, ...rest } = choice.logprobs, text = choice.message.content, cut = choice.finish_reason === "length";
      assert.deepEqual([refusal, rest, cut], [null, {}, max_completion_tokens !== undefined]);
      isSaid(content, text, { ...choice.cmdai, cut, likely });
      assert.equal(content.length, choice.cmdai.tokens - (cut ? 0 : 1));
      if (!cut) assert.deepEqual({ ...choice, logprobs: null }, plain.choices[0]);
      const chunks = await all(await c.chat.completions.create({ ...asked, stream: true }));
      for (const { delta, logprobs } of chunks.map((k) => k.choices[0]).filter((k) => k.delta.content))
        isSaid(logprobs.content, delta.content, { logprob: -Infinity, likely });
      isSame(streamed(chunks)[0], content);
      /* The client's own reading of a stream, which takes nothing but these two lists. */
      const runner = c.chat.completions.stream(asked), pieces = [];
      runner.on("logprobs.content.delta", (e) => pieces.push(...e.content));
      const final = (await runner.finalChatCompletion()).choices[0];
      assert.deepEqual([final.logprobs, pieces], [choice.logprobs, content]);
    }
}

/* Several texts, drawn from far down: parts of characters are among their tokens, and no list has another text's. */
async function saidSeveral(s) {
  const c = connect(s), n = 4;
  const drawn = { temperature: 2, repetition_penalty: 10, seed: 1, max_tokens: 300 };
  const request = { model, messages: ask(find), n, ...drawn, logprobs: true, top_logprobs: 2 };
  const { choices } = await c.chat.completions.create(request);
  for (const { logprobs: { content }, message, cmdai } of choices)
    isSaid(content, message.content, { ...cmdai, cut: content.length === cmdai.tokens, likely: 2, drawn: true });
  assert.ok(choices.some((k) => k.logprobs.content.some((t) => t.token.includes("\ufffd"))), "no part of a character");
  const chunks = await all(await c.chat.completions.create({ ...request, stream: true }));
  for (const [i, list] of streamed(chunks, n).entries()) isSame(list, choices[i].logprobs.content, `text ${i}`);
}

async function saidStops(s) {
  const c = connect(s), request = { model, messages: ask(find), logprobs: true, top_logprobs: 1 };
  const whole = (await c.chat.completions.create(request)).choices[0], text = whole.message.content;
  for (const stop of stopsOf(text)) {
    const [choice] = (await c.chat.completions.create({ ...request, stop })).choices, { content } = choice.logprobs;
    assert.equal(choice.message.content, text.split(stop)[0]);
    isStopped(content, choice.message.content);
    isSame(content, whole.logprobs.content.slice(0, content.length), stop);
    isSum(content.map((t) => t.logprob), choice.cmdai.logprob);
    const chunks = await all(await c.chat.completions.create({ ...request, stop, stream: true }));
    isSame(streamed(chunks)[0], content, `a stream to the stop ${JSON.stringify(stop)}`);
  }
}

/* Four lists of equal length, with places in characters. */
function isTextSaid({ tokens, token_logprobs, text_offset, top_logprobs, ...rest }, text, { logprob, cut, likely, drawn = false }) {
  assert.deepEqual(rest, {});
  assert.ok([token_logprobs, text_offset, top_logprobs ?? tokens].every((l) => l.length === tokens.length));
  assert.ok(token_logprobs.every((l) => l <= 0));
  isSum(token_logprobs, logprob, cut);
  if (!likely) assert.equal(top_logprobs, null);
  const characters = [...text], isPart = (t) => t?.includes("\ufffd");
  for (const [i, t] of tokens.entries()) {
    if (likely) {
      const top = top_logprobs[i], others = Object.values(top);
      assert.equal(top[t], token_logprobs[i]);
      assert.ok(others.length <= likely + 1 && others.every((l) => l <= 0) && sumOf(others.map(Math.exp)) < 1.0001);
      if (!drawn) assert.ok(others.length === likely && Math.max(...others) === top[t]);
    }
    if (!isPart(t) && !isPart(tokens[i - 1])) assert.equal(characters.slice(text_offset[i], text_offset[i] + [...t].length).join(""), t);
  }
  if (!tokens.some(isPart)) assert.equal(tokens.join(""), text);
}

async function saidCompletions(s) {
  const c = connect(s), request = { model, prompt: "find . -type f -", max_tokens: 6 };
  assert.equal((await c.completions.create(request)).choices[0].logprobs, null);
  for (const logprobs of [0, 1, 3]) {
    const [choice] = (await c.completions.create({ ...request, logprobs })).choices;
    isTextSaid(choice.logprobs, choice.text, { ...choice.cmdai, cut: choice.finish_reason === "length", likely: logprobs });
    const chunks = await all(await c.completions.create({ ...request, logprobs, stream: true })), lists = {};
    for (const k of chunks.map((k) => k.choices[0])) {
      assert.equal(k.logprobs === null, k.text === "");
      for (const [name, l] of Object.entries(k.logprobs ?? {})) lists[name] = l && [...(lists[name] ?? []), ...l];
    }
    assert.deepEqual(lists, { ...choice.logprobs });
    const { body } = await s.json("/api/generate", { model, prompt: request.prompt, raw: true, stream: false, logprobs: true, options: { num_predict: 6 } });
    assert.deepEqual(body.logprobs.map((t) => [t.token, t.logprob]), choice.logprobs.tokens.map((t, i) => [t, choice.logprobs.token_logprobs[i]]));
  }
  let others = 0;
  for (let seed = 0; seed < 480 && !others; seed += 16) {
    const { choices } = await c.completions.create({ model, prompt: "echo '", n: 16, temperature: 2, seed, max_tokens: 200, logprobs: 20 });
    for (const k of choices) isTextSaid(k.logprobs, k.text, { ...k.cmdai, cut: false, likely: 20, drawn: true });
    others = choices.filter((k) => /[^\0-\x7f]./s.test(k.text)).length;
  }
  assert.ok(others, "no text has more than ASCII");
}

async function errors(s) {
  const { NotFoundError, BadRequestError, InternalServerError } = require("openai");
  const c = connect(s), messages = ask("x");
  const rows = [
    [() => c.chat.completions.create({ model: "gpt-4o", messages }), NotFoundError, "model", "model_not_found"],
    [() => c.models.retrieve("gpt-4o"), NotFoundError, null, "model_not_found"],
    [() => c.chat.completions.create({ model, messages, temperature: "hot" }), BadRequestError, "temperature", null],
    [() => c.chat.completions.create({ model, messages, top_logprobs: 3 }), BadRequestError, "top_logprobs", null],
    [() => c.chat.completions.create({ model, messages, logprobs: true, top_logprobs: 21 }), BadRequestError, "top_logprobs", null],
    [() => c.chat.completions.create({ model, messages, logprobs: 1 }), BadRequestError, "logprobs", null],
    [() => c.completions.create({ model, prompt: "x", logprobs: 21 }), BadRequestError, "logprobs", null],
    [() => c.completions.create({ model, prompt: "x", logprobs: true }), BadRequestError, "logprobs", null],
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
    const told = i % 3 ? { logprobs: true, top_logprobs: i } : {};
    const r = await c.chat.completions.create({ model, messages: ask(content), ...(i % 2 ? { temperature: 1.5, seed: i } : {}), ...told });
    return [r.choices[0].message.content, r.choices[0].cmdai.logprob, r.choices[0].logprobs];
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
export const checks = {
  models, chat, stream, several, completions, limits, said, saidSeveral, saidStops, saidCompletions, errors, abort, together, token,
};
