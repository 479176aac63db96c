/* The models that are measured: the exact Qwen2.5 shapes and mixes with random weights, made once into BUILD/bench/qwen. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { REQUEST, writeVocab } from "./vocab.mjs";

const MIXES = [["0.5b", "Q4_K_M"], ["0.5b", "Q8_0"], ["0.5b", "Q4_0"], ["1.5b", "Q4_K_M"]];
const SMALL = [["tiny-qwen", "Q4_K_M"]];

/* Paths, the first one being that of the most important model. */
export function makeModels(root, build, small, note) {
  const folder = path.join(build, "bench/qwen"), vocab = path.join(folder, "vocab");
  const words = fs.readFileSync(path.join(root, "src/answer/prompt.c"), "utf8");
  return (small ? SMALL : MIXES).map(([shape, mix]) => {
    const file = path.join(folder, `${shape}-${mix}.gguf`);
    if (fs.existsSync(file)) return file;
    note(`making ${file}`);
    if (!fs.existsSync(vocab)) writeVocab(vocab, `${words} ${REQUEST}`);
    execFileSync(path.join(build, "tools/mkmodel"), ["--shape", shape, "--mix", mix, "--vocab", vocab, file]);
    return file;
  });
}
