/* llama.cpp as node-llama-cpp brings it, to measure ourselves by: in a process of its own (worker.mjs), which sleeps while
 * we are measured, and whose end is nobody else's. */
import { fork } from "node:child_process";
import { missing } from "./peer.mjs";

export class PeerProcess {
  /* With `why` where it can't be used, or isn't wanted. */
  static async start(threads, unwanted) {
    const peer = new PeerProcess();
    peer.threads = threads;
    peer.why = unwanted ? "it wasn't asked" : missing();
    if (peer.why) return peer;
    peer.child = fork(new URL("worker.mjs", import.meta.url), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    try {
      peer.version = await peer.call("version");
    } catch (e) {
      peer.why = e.message;
    }
    return peer;
  }

  call(op, args) {
    return new Promise((done, failed) => {
      const ended = (status) => failed(new Error(`llama.cpp's process has ended (${status})`));
      if (!this.child.connected) return ended(this.child.exitCode);
      this.child.once("exit", ended);
      this.child.once("message", ({ value, error }) => {
        this.child.off("exit", ended);
        error === undefined ? done(value) : failed(new Error(`llama.cpp: ${error}`));
      });
      this.child.send({ op, args: { ...args, threads: this.threads } });
    });
  }

  stop() {
    if (this.child?.connected) this.child.disconnect();
  }
}
