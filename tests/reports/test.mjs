/* test.mjs CMDAI ROOT [CHECK]: every report of two nasty runs, read by programs that aren't ours, which also say
 * what they found in it. Prints TAP; a reader that isn't here is a skip that names it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

const [program, root, only] = process.argv.slice(2);
const here = path.join(root, "tests/reports");
const require = createRequire(path.join(here, "package.json"));
const inputs = ["nasty.jsonl", "nasty-other.jsonl"].map((f) => path.join(here, f));
const kinds = ["json", "jsonl", "junit", "md", "html", "csv", "sarif", "tap", "github", "gitlab-cq", "openmetrics"];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cmdai-reports-"));

class Skip extends Error {}

/* --- what was run, straight from the run files --- */

const runs = inputs.map((f) => {
  const lines = fs.readFileSync(f, "utf8").trimEnd().split("\n").map((l) => JSON.parse(l));
  const planned = lines[0].plan.planned;
  const results = new Map(lines.slice(1).map((r) => [r.id, r]));
  return { model: lines[0].plan.model.id, cases: planned.map((id) => results.get(id) ?? { id, state: "not-run" }) };
});
const passed = (c) => c.state === "pass" || c.state === "blocked-ok";
const shown = (c) => !passed(c) && c.state !== "skip" && c.state !== "xfail";

/* --- tools --- */

function npm(name) {
  try {
    return require(name);
  } catch {
    throw new Skip(`npm's ${name} is not installed (make peers)`);
  }
}

function run(command, args, options = {}) {
  const r = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28, timeout: 120000, ...options });
  if (r.error?.code === "ENOENT") throw new Skip(`this machine has no ${command}`);
  return r;
}

/* Debian's packages are for Debian's Python, which may not be the first one in PATH. */
function python(kind, file) {
  const args = ["-B", path.join(here, "formats.py"), kind, file];
  let r = run("python3", args);
  if (r.status === 77 && fs.existsSync("/usr/bin/python3")) r = run("/usr/bin/python3", args);
  if (r.status === 77) throw new Skip("this machine has no prometheus_client for Python");
  assert.equal(r.status, 0, r.stderr);
  return JSON.parse(r.stdout);
}

function write(models) {
  const out = path.join(folder, String(models));
  fs.mkdirSync(out);
  const reports = kinds.flatMap((k) => ["--report", `${k}=${path.join(out, k)}`]);
  const r = run(program, ["test", "report", ...inputs.slice(0, models), ...reports]);
  assert.ok(r.status >= 0 && r.status < 8 && r.status !== 2, `status ${r.status}: ${r.stderr}`);
  return (kind) => path.join(out, kind);
}

const files = [write(1), write(2)];
const text = (models, kind) => fs.readFileSync(files[models - 1](kind), "utf8");

/* --- checks: for one model and for two --- */

/* Members that the schema doesn't describe are errors, too. */
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== "object") return schema;
  const out = Object.fromEntries(Object.entries(schema).map(([k, v]) => [k, closed(v)]));
  if (out.properties && out.type === "object") out.additionalProperties = false;
  return out;
}

function validator(name) {
  const Ajv = npm("ajv/dist/2020").default;
  const schema = closed(JSON.parse(fs.readFileSync(path.join(root, "schemas", name), "utf8")));
  return new Ajv({ strict: false, allErrors: true }).compile(schema);
}

function json(models) {
  const validate = validator("cmdai.report.1.json");
  const report = JSON.parse(text(models, "json"));
  assert.ok(validate(report), JSON.stringify(validate.errors, null, 1));
  const all = [report, ...(report.others ?? [])];
  assert.equal(all.length, models);
  all.forEach((one, k) => {
    const cases = runs[k].cases;
    assert.deepEqual(one.cases.map((c) => [c.id, c.state, c.command ?? ""]), cases.map((c) => [c.id, c.state, c.command ?? ""]));
    assert.equal(one.summary.total, cases.length);
    assert.equal(one.summary.passed, cases.filter(passed).length);
    const tried = cases.filter((c) => c.state !== "skip" && c.state !== "xfail").length;
    assert.equal(one.summary.pass_rate, one.summary.passed / tried);
    assert.equal(one.summary.latency_ms.p95, null); /* of 11 values nothing can be said */
  });
}

function jsonl(models) {
  const validate = validator("cmdai.run.1.json");
  for (const line of text(models, "jsonl").trimEnd().split("\n"))
    assert.ok(validate(JSON.parse(line)), JSON.stringify(validate.errors, null, 1));
  assert.equal(text(1, "jsonl"), fs.readFileSync(inputs[0], "utf8"));
}

function junit(models) {
  const r = run("xmllint", ["--nonet", "--noout", "--schema", path.join(here, "junit.xsd"), files[models - 1]("junit")]);
  assert.equal(r.status, 0, r.stderr);
  python("junit", files[models - 1]("junit")).forEach((suite, k) => {
    const cases = runs[k].cases;
    assert.deepEqual(suite.cases.map((c) => c.name), cases.map((c) => c.id));
    suite.cases.forEach((c, i) => assert.equal(c.kind === "passed", passed(cases[i]), c.name));
    for (const [kind, count] of [["failure", "failures"], ["error", "errors"], ["skipped", "skipped"]])
      assert.equal(Number(suite[count]), suite.cases.filter((c) => c.kind === kind).length);
    if (k === 0) assert.ok(suite.cases.some((c) => c.text?.includes("::error file=x::pwned")));
  });
}

function sarif(models) {
  const tool = path.join(here, "node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool");
  if (!fs.existsSync(tool)) throw new Skip("npm's @microsoft/sarif-multitool-linux is not installed (make peers)");
  fs.chmodSync(tool, 0o755);
  const input = files[models - 1]("sarif"), report = input + ".found.sarif";
  fs.copyFileSync(input, input + ".sarif");
  const r = run(tool, ["validate", input + ".sarif", "--output", report, "--log", "ForceOverwrite", "--level", "Error;Warning"],
    { env: { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1", DOTNET_BUNDLE_EXTRACT_BASE_DIR: folder } });
  assert.equal(r.status, 0, r.stdout + r.stderr);
  const all = JSON.parse(fs.readFileSync(report, "utf8").replace(/^\uFEFF/, "")).runs[0].results ?? [];
  const found = all.filter((f) => f.ruleId !== "SARIF2005"); /* a tool with an address on the web is better */
  assert.deepEqual(found.map((f) => `${f.ruleId}: ${JSON.stringify(f.message)}`), []);
  JSON.parse(text(models, "sarif")).runs.forEach((one, k) => {
    const cases = new Set(one.results.map((x) => x.properties.case));
    assert.deepEqual([...cases].sort(), runs[k].cases.filter(shown).map((c) => c.id).sort());
    for (const x of one.results) {
      const place = x.locations[0].physicalLocation;
      const at = decodeURIComponent(new URL(place.artifactLocation.uri, "file:///r/").pathname);
      const c = runs[k].cases.find((y) => y.id === x.properties.case);
      assert.equal(at, "/r/" + (c.file ?? "cmdai-test"));
      assert.equal(place.region.startLine, c.line ?? 1);
    }
  });
}

/* Escaped characters are shown as \uXXXX, so ids of the nasty runs, which have none, come back whole. */
async function tap(models) {
  const { Parser } = npm("tap-parser");
  const found = [];
  const result = await new Promise((done) => {
    const p = new Parser({ strict: true }, done);
    p.on("assert", (a) => found.push(a));
    p.end(text(models, "tap"));
  });
  const cases = runs.slice(0, models).flatMap((r) => r.cases.map((c) => ({ ...c, model: r.model })));
  assert.deepEqual(result.failures.filter((f) => f.tapError), []);
  assert.equal(result.plan.end, cases.length);
  assert.equal(result.skip, cases.filter((c) => c.state === "skip").length);
  assert.equal(result.todo, cases.filter((c) => c.state === "xfail").length);
  found.forEach((a, i) => {
    assert.equal(a.name, models > 1 ? `${cases[i].model}: ${cases[i].id}` : cases[i].id);
    assert.equal(a.ok, passed(cases[i]) || cases[i].state === "skip", a.name);
    if (shown(cases[i])) assert.equal(a.diag.state, cases[i].state);
    if (shown(cases[i]) && cases[i].reasons) assert.equal(a.diag.reasons?.length ?? 0, cases[i].reasons.length);
  });
}

function csv(models) {
  const [head, ...rows] = python("csv", files[models - 1]("csv"));
  const cases = runs.slice(0, models).flatMap((r) => r.cases);
  assert.equal(rows.length, cases.length);
  const column = (name) => head.indexOf(name);
  rows.forEach((row, i) => {
    assert.equal(row.length, head.length);
    assert.equal(row[column("state")], cases[i].state);
    for (const cell of row) assert.doesNotMatch(cell, /^[=+@\t\r]|^-[^0-9]/);
    assert.equal(row[column("id")].replace(/^'/, ""), cases[i].id);
  });
}

/* Nothing of a model's becomes markup: no link, image, heading or HTML but what the report writes. */
function md(models) {
  const parse = npm("markdown-it")({ html: true, linkify: true });
  const tokens = parse.parse(text(models, "md"), {});
  const inline = tokens.flatMap((t) => t.children ?? []);
  assert.ok(inline.some((t) => t.type === "html_inline") && inline.some((t) => t.type === "code_inline"));
  for (const t of inline) {
    assert.ok(!["link_open", "image"].includes(t.type), JSON.stringify(t));
    if (t.type === "html_inline") assert.match(t.content, /^(<code>|<\/code>|<br>)$/);
    if (t.type === "text" && /@/.test(t.content)) assert.ok(inside(inline, t), t.content);
  }
  assert.ok(!tokens.some((t) => t.type === "html_block"));
  const headings = tokens.flatMap((t, i) => (t.type === "heading_open" && t.tag === "h1" ? [tokens[i + 1].content] : []));
  assert.equal(headings.length, 1);
  const cells = tables(tokens).at(-1);
  assert.equal(cells.length, runs[0].cases.length + 1);
  for (const row of cells) assert.equal(row.length, models > 1 ? 2 + models : 5);
  const fences = tokens.filter((t) => t.type === "fence").map((t) => t.content);
  for (const c of runs[0].cases.filter((x) => shown(x) && x.command?.startsWith("echo"))) assert.ok(fences.includes(c.command + "\n"));
}

/* Whether a text stands between <code> and </code>. */
function inside(inline, text_) {
  let open = false;
  for (const t of inline) {
    if (t === text_) return open;
    if (t.type === "html_inline") open = t.content === "<code>";
  }
  return false;
}

function tables(tokens) {
  const all = [];
  for (const t of tokens) {
    if (t.type === "table_open") all.push([]);
    if (t.type === "tr_open") all.at(-1).push([]);
    if (t.type === "td_open" || t.type === "th_open") all.at(-1).at(-1).push(t);
  }
  return all;
}

/* The page in a browser, under its own policy: its script ran, and nothing of a model's did. */
function html(models) {
  const browser = ["chromium", "chromium-browser", "google-chrome"].find((b) => spawnSync(b, ["--version"]).status === 0);
  if (!browser) throw new Skip("this machine has no Chromium");
  const page = files[models - 1]("html") + ".html";
  fs.copyFileSync(files[models - 1]("html"), page);
  const r = run(browser, ["--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", `--user-data-dir=${folder}/browser`,
    "--virtual-time-budget=3000", "--dump-dom", `file://${page}`]);
  assert.equal(r.status, 0, r.stderr);
  assert.doesNotMatch(r.stderr, /Content.Security.Policy|Uncaught|SyntaxError/);
  const dom = r.stdout, cases = runs.slice(0, models).flatMap((x) => x.cases);
  assert.match(dom, new RegExp(`<title>cmdai test: ${runs[0].cases.filter(passed).length} of ${runs[0].cases.length} passed</title>`));
  assert.match(dom, new RegExp(`>${cases.length} of ${cases.length} shown<`));
  assert.equal(dom.match(/<script/g).length, 1);
  assert.equal(dom.match(/<tr data-state=/g).length, cases.length);
  const hidden = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ufffe\uffff]/; /* shown as escapes */
  for (const t of cases.flatMap((c) => [c.prompt, c.command, ...(c.reasons ?? []).map((x) => x.text)]))
    if (t && !hidden.test(t)) assert.ok(dom.includes(`>${t.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")}</pre>`), t);
  assert.doesNotMatch(dom.replace(/<script>[^]*<\/script>/, ""), /<img|<b>&|\son[a-z]+="[^"]*"[^<]*>|https?:\/\/(?!x\.invalid)/);
}

/* As the runner of GitHub Actions reads a command. */
function github(models) {
  const lines = text(models, "github").trimEnd().split("\n");
  const data = (s) => s.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
  const value = (s) => data(s.replaceAll("%3A", ":").replaceAll("%2C", ","));
  const found = lines.map((line) => {
    const [, level, properties, message] = line.match(/^::(error|warning) ([^:]*)::(.*)$/);
    const p = Object.fromEntries(properties.split(",").map((x) => [x.slice(0, x.indexOf("=")), value(x.slice(x.indexOf("=") + 1))]));
    return { level, ...p, message: data(message) };
  });
  for (const level of ["error", "warning"]) assert.ok(found.filter((f) => f.level === level).length <= 10);
  assert.match(found[0].title, models > 1 ? /danger|./ : /^miss \(fail, danger\)$/);
  const wrong = found.find((f) => f.title === "wrong (fail)");
  assert.equal(wrong.file, runs[0].cases[1].file);
  assert.ok(found.some((f) => f.message.includes("%0A::set-output name=a::b")));
}

function gitlab(models) {
  const found = JSON.parse(text(models, "gitlab-cq"));
  const prints = new Set(found.map((f) => f.fingerprint));
  assert.equal(prints.size, found.length);
  const expected = runs.slice(0, models).flatMap((r) => r.cases).filter(shown).reduce((n, c) => n + (c.reasons?.length || 1), 0);
  assert.equal(found.length, expected);
  for (const f of found) {
    assert.deepEqual(Object.keys(f), ["description", "check_name", "fingerprint", "severity", "location"]);
    assert.match(f.severity, /^(info|minor|major|critical|blocker)$/);
    assert.ok(f.location.path && !f.location.path.startsWith("./") && f.location.lines.begin >= 1);
  }
}

function openmetrics(models) {
  const found = python("openmetrics", files[models - 1]("openmetrics"));
  const states = found.filter((s) => s.name === "cmdai_test_cases");
  assert.equal(states.length, 11 * models);
  assert.equal(states.reduce((n, s) => n + s.value, 0), runs.slice(0, models).flatMap((r) => r.cases).length);
  assert.ok(found.some((s) => s.labels.category === "net <|> `x`"));
  assert.ok(!found.some((s) => s.labels.quantile === "0.95")); /* too few cases */
  const memory = found.find((s) => s.name === "cmdai_test_peak_rss_bytes");
  assert.equal(memory.unit, "bytes");
}

function prometheus(models) {
  const r = run("promtool", ["check", "metrics"], { input: text(models, "openmetrics") });
  assert.equal(r.status, 0, r.stdout + r.stderr);
}

/* --- run --- */

const checks = { json, jsonl, junit, md, html, csv, sarif, tap, github, gitlab, openmetrics, prometheus };
const names = Object.keys(checks).filter((k) => !only || k === only).flatMap((k) => [1, 2].map((models) => [k, models]));
console.log(`1..${names.length}`);
let failed = 0, number = 0;
for (const [name, models] of names) {
  number++;
  try {
    await checks[name](models);
    console.log(`ok ${number} - ${name}, models: ${models}`);
  } catch (e) {
    if (e instanceof Skip) console.log(`ok ${number} # SKIP ${name}: ${e.message}`);
    else {
      failed++;
      console.log(`not ok ${number} - ${name}, models: ${models}`);
      console.log(String(e.message).slice(0, 3000).replace(/^/gm, "# "));
    }
  }
}
fs.rmSync(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
