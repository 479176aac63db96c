/* A first command in a fresh process, and the next one in a server: one model, warm file. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { atLeast, atMost, figure, inTurn, isNoisy, percent, summary, table, timed, verdict } from "../measure.mjs";
import { REQUEST } from "../vocab.mjs";

export const name = "first", title = "First command, next command";

function checked(t, answer) {
  if (answer.tokens.output === t.tokens) return answer;
  throw new Error(`an answer of ${answer.tokens.output} tokens instead of ${t.tokens}: ${answer.error}`);
}

/* `cmdai ask` with a folder of its own; status 5: what a random model writes isn't a command. */
export function ask(t, file, folder) {
  const argv = [t.program, "ask", "--json", "-q", "--safety", "permissive", "-m", file, "--max-tokens", String(t.tokens),
                "--threads", String(t.threads), "--", ...REQUEST.split(" ")];
  const { ms, out } = timed(argv, { env: { CMDAI_CACHE_DIR: folder }, statuses: [0, 5, 6, 7] });
  return { ms, ...checked(t, JSON.parse(out)) };
}

/* In the one folder the beginning of the prompt is kept; in the other it can't be, but the file's hash is. */
export function folders(t) {
  const kept = path.join(t.folder, "kept"), empty = path.join(t.folder, "empty");
  for (const folder of [kept, empty]) fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(empty, "prefix"), "");
  return { kept, empty };
}

/* How many tokens of a prompt stand before the words of the user. 0: the model is so small that they aren't kept. */
export function beginning(t) {
  const { kept } = folders(t);
  ask(t, t.files[0], kept);
  return ask(t, t.files[0], kept).tokens.cached;
}

/* --- the server --- */

function serve(t, file) {
  const child = spawn(t.program, ["serve", "--port", "0", "-m", file, "--threads", String(t.threads)],
                      { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, CMDAI_CACHE_DIR: t.folder } });
  return new Promise((done, failed) => {
    child.once("exit", (status) => failed(new Error(`the server has ended: status ${status}`)));
    readline.createInterface(child.stderr).on("line", (line) => {
      const url = /listening on (http:\S+)$/.exec(line);
      if (url) done({ child, url: url[1] });
    });
  });
}

/* Requests that differ from the first word on, so that only what stands before them is there already. */
function asker(t, { url }) {
  const requests = [REQUEST, REQUEST.replace("show", "list")];
  const headers = { "Content-Type": "application/json" };
  let i = 0;
  return async () => {
    const start = performance.now();
    const body = JSON.stringify({ request: requests[i++ % 2], max_tokens: t.tokens });
    const answer = await (await fetch(`${url}/v1/cmdai/ask`, { method: "POST", headers, body })).json();
    return { ms: performance.now() - start, ...checked(t, answer) };
  };
}

/* --- */

export async function run(t) {
  const file = t.files[0], { kept, empty } = folders(t), peer = !t.peer.why;
  const { prompt } = ask(t, file, empty).tokens;
  ask(t, file, kept), ask(t, file, kept);
  const whole = () => t.peer.call("answer", { file, prompt, decode: t.tokens });
  const fresh = await inTurn(t.repeat, [() => ask(t, file, empty), () => ask(t, file, kept), ...(peer ? [whole] : [])]);
  const server = await serve(t, file), next = asker(t, server);
  try {
    const { tokens } = await next();
    await next();
    const requests = [{ fresh: tokens.prompt - (await next()).tokens.cached, decode: t.tokens }];
    const theirs = async () => (await t.peer.call("requests", { kept: prompt - requests[0].fresh, requests }))[0];
    const resident = await inTurn(t.repeat, peer ? [next, theirs] : [next]);
    return { tokens: t.tokens, rows: rowsOf(fresh, resident, prompt) };
  } finally {
    server.child.removeAllListeners("exit"), server.child.kill();
    if (peer) await t.peer.call("close");
  }
}

function rowsOf([plain, kept, whole], [next, theirNext], prompt) {
  const of = (list, key) => list && summary(list.map(key));
  const ms = (r) => r.ms, load = (r) => r.timing_ms.load;
  const made = (r) => r.tokens.prompt - r.tokens.cached;
  const theirs = of(whole, ms);
  return [
    { what: "fresh process", prompt, computed: made(plain[0]), ours: of(plain, ms), theirs, goal: 2.8 },
    { what: "fresh process, beginning of the prompt kept", prompt, computed: made(kept[0]), ours: of(kept, ms), theirs, goal: 4 },
    { what: "next request in a resident server", prompt, computed: made(next[0]), ours: of(next, ms),
      theirs: theirNext && summary(theirNext) },
    { what: "of it: load and context", ours: of(kept, load), theirs: of(whole, (r) => r.loadMs + r.contextMs), most: 50 },
  ];
}

export function text({ rows, tokens }, { peer, model }) {
  const cells = ({ what, prompt, computed, ours, theirs, goal, most }) => {
    const noisy = isNoisy(ours), both = noisy || !theirs || isNoisy(theirs), ratio = theirs && theirs.median / ours.median;
    const wanted = goal ? verdict(atLeast(goal, "x"), ratio, both) : most ? verdict(atMost(most, "ms"), ours.median, noisy) : "";
    return [what, prompt ?? "", computed ?? "", figure(ours.median), percent(ours.spread), theirs ? figure(theirs.median) : "-",
            theirs ? percent(theirs.spread) : "-", !theirs ? "-" : both ? "noisy" : `${ratio.toFixed(2)} x`, wanted];
  };
  const head = [`${model}, warm file, ms`, "prompt", "computed", "cmdai", "spread", "llama.cpp", "spread", "ratio", "goal"];
  return `A prompt and ${tokens} tokens. Ours is the whole process of \`cmdai ask\`, seen from outside, or a request to \`cmdai serve\`.${
    peer.why ? ` Not compared with llama.cpp here: ${peer.why}.`
      : ` ${peer.version} brings no program, so theirs is the time within one Node process, without Node's own start, from
loading the model (which reads the file's header in JavaScript) to the last token; it keeps no beginning of a prompt for the
next process, so that it stands beside both of ours. Its next request finds the beginning of the prompt in its context.`}\n\n` +
    table(head, rows.map(cells));
}
