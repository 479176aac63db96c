"""Two numbers that turn the log-probability of a reply into the probability that it is right.

Platt scaling: a logistic regression on every other held-out request; the other half shows in a
table how far confidence and share of right answers agree. export.py puts the numbers into the
model file, src/answer/answer.c uses them."""
import argparse
import json
import math
import os
import random

import numpy as np
import torch

import data
import decode
from export import load
from placeholders import Literals
from train import BUILD

BINS = (0, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0001)


def fit(logprobs, right):
    """Scale and bias by Newton's method, with Platt's smoothed targets."""
    x, y = np.array(logprobs), np.array(right, dtype=float)
    y = np.where(y > 0, (y.sum() + 1) / (y.sum() + 2), 1 / (len(y) - y.sum() + 2))
    rows, w = np.stack([x, np.ones_like(x)], 1), np.array([0.0, 0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-rows @ w))
        hessian = rows.T @ (rows * (p * (1 - p))[:, None]) + 1e-6 * np.eye(2)
        w += np.linalg.solve(hessian, rows.T @ (y - p))
    return {"scale": float(w[0]), "bias": float(w[1])}


def confidence(numbers, logprob):
    """As the program computes it."""
    return 1 / (1 + math.exp(-(numbers["scale"] * logprob + numbers["bias"])))


def show(title, pairs):
    """A reliability table of (confidence, right)."""
    print("\n| confidence, %s | requests | mean confidence | right |\n|---|---|---|---|" % title)
    for low, high in zip(BINS, BINS[1:]):
        part = [(c, r) for c, r in pairs if low <= c < high]
        if part:
            print("| %.2f to %.2f | %d | %.2f | %.2f |" % (low, min(high, 1), len(part), *np.mean(part, 0)))


def main():
    """Fit, show, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=BUILD)
    parser.add_argument("--limit", type=int, default=600, help="requests with unseen values")
    args = parser.parse_args()
    torch.set_num_threads(1)
    model, tok = load(args.folder)
    literals, source = Literals() if tok.placeholders() else None, data.Source()
    halves = {}
    for title, items in (("unseen phrasings", source.held_out(7)), ("unseen values", source.new_values(8, args.limit))):
        random.Random(10).shuffle(items)
        got = decode.scored(model, tok, [i[1] for i in items[:1200]], literals)
        rows = [(logprob, text == item[2]) for (text, logprob), item in zip(got, items)]
        halves[title] = rows[::2], rows[1::2]
    numbers = fit(*zip(*halves["unseen phrasings"][0]))
    with open(os.path.join(args.folder, "calibration.json"), "w", encoding="utf-8") as stream:
        json.dump(numbers, stream)
    print("scale %.4f, bias %.4f, from %d requests" % (numbers["scale"], numbers["bias"], len(halves["unseen phrasings"][0])))
    for title, (_, check) in halves.items():
        show(title + ", not used for the fit", [(confidence(numbers, p), right) for p, right in check])
        show(title + ", not calibrated", [(math.exp(p), right) for p, right in check])


if __name__ == "__main__":
    main()
