#!/bin/sh
# Retrain the embedded model: data are generated on the fly, then export and evaluation.
# usage: train/run.sh [pairs] [seed]
set -eu
here=$(dirname "$0")
build=${CM_TRAIN_OUT:-$here/../build/train}
python=${PYTHON:-/usr/bin/python3}
mkdir -p "$build"
# Names are taken out of the requests by the program's own code.
(cd "$here/.." && cmake --preset release >/dev/null &&
  cmake --build build/release --target tool_literals >/dev/null)
# One thread a process (parallel.py says why); no fresh mmap for every tensor.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
export MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=67108864
"$python" "$here/grammar.py"
"$python" "$here/train.py" --samples "${1:-500000}" --seed "${2:-1}" --out "$build"
"$python" "$here/calibrate.py" --folder "$build" | tee "$build/calibration.txt"
"$python" "$here/export.py" --folder "$build"
"$python" "$here/evaluate.py" --folder "$build" --limit 1200 | tee "$build/evaluation.txt"
"$python" "$here/evaluate.py" --folder "$build" --ask "$here/eval/everyday.txt" |
  tee "$build/everyday.txt"
