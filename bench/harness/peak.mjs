/* Loaded into the peer (NODE_OPTIONS=--import): writes what each of its processes held at most, in KiB. */
import { appendFileSync } from "node:fs";

process.on("exit", () => appendFileSync(process.env.CM_PEAK_FILE, `${process.resourceUsage().maxRSS}\n`));
