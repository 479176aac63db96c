/* One `cmdai serve` on a free port, with the embedded model and a home of its own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

export class Skip extends Error {}

export class Serve {
  static async start(program, { token, args = [] } = {}) {
    const s = new Serve();
    s.program = program;
    s.token = token;
    s.home = fs.mkdtempSync(path.join(os.tmpdir(), "cmdai-clients-"));
    s.env = { PATH: process.env.PATH, HOME: s.home };
    const env = token ? { ...s.env, CMDAI_SERVE_TOKEN: token } : s.env;
    s.child = spawn(program, ["serve", "--port", "0", ...args], { env, cwd: s.home, stdio: ["ignore", "pipe", "pipe"] });
    s.ended = new Promise((done) => s.child.on("close", (status) => done(status)));
    s.out = "";
    s.child.stdout.on("data", (d) => (s.out += d));
    s.url = await s.#listening();
    return s;
  }

  #listening() {
    let text = "";
    return new Promise((done, fail) => {
      this.child.stderr.on("data", (d) => {
        text += d;
        const url = text.match(/listening on (http:\S+)/);
        if (url) done(url[1]);
      });
      this.ended.then(() => fail(new Error(`cmdai serve ended: ${text}`)));
    });
  }

  get headers() {
    return this.token ? { authorization: `Bearer ${this.token}` } : {};
  }

  async json(where, body) {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const r = await fetch(this.url + where, { ...init, headers: { "content-type": "application/json", ...this.headers } });
    return { status: r.status, type: r.headers.get("content-type"), body: await r.json() };
  }

  /* Sum of a counter over all its labels. */
  async metric(name) {
    const text = await (await fetch(`${this.url}/metrics`, { headers: this.headers })).text();
    const lines = text.split("\n").filter((l) => l.startsWith(`${name}{`) || l.startsWith(`${name} `));
    assert.ok(lines.length, `${name} is not among the metrics`);
    return lines.reduce((sum, l) => sum + Number(l.slice(l.lastIndexOf(" "))), 0);
  }

  /* Leaves a stream again and again until the server has noticed once, which it looks for some times a second: on a quick
   * machine an answer may be whole by then. */
  async notices(leave) {
    const counter = "cmdai_serve_cancelled_total", before = await this.metric(counter);
    for (let i = 0; i < 10; i++) {
      await leave();
      while ((await this.metric("cmdai_serve_in_flight")) > 0) await new Promise((done) => setTimeout(done, 10));
      if ((await this.metric(counter)) > before) return;
    }
    assert.fail(`${counter} stays at ${before}`);
  }

  async stop() {
    this.child.kill("SIGTERM");
    const status = await this.ended;
    fs.rmSync(this.home, { recursive: true, force: true });
    assert.equal(status, 0, "status after SIGTERM");
    assert.equal(this.out, "", "stdout");
  }
}
