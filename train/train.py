"""Train the tiny model on a number of pairs. Samples are generated on the fly.

The learning rate follows the share of the pairs that are used, so the run ends at zero, whatever
else the machine does meanwhile."""
import argparse
import json
import math
import os
import random
import time

import torch

import data
import decode
from batching import collate, deal
from model import Model, Shape
from optim import Optimizer
from parallel import Team
from placeholders import Literals
from tokenizer import Tokenizer
from warm import Start

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "build", "train")


def arguments():
    """The command line."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--samples", type=int, default=364000, help="pairs of the whole run, about 40 tokens each")
    p.add_argument("--minutes", type=float, default=math.inf, help="at most; the rate then follows the clock where that is ahead")
    p.add_argument("--pairs", type=int, default=64, help="pairs a step")
    p.add_argument("--placeholders", type=int, default=8, help="literals taken out of a request; 0: the model copies")
    p.add_argument("--raw", type=float, default=0.1, help="share of pairs that are left as they are")
    p.add_argument("--from", dest="start", metavar="FILE.gguf", help="start from these weights and tokens")
    p.add_argument("--hidden", type=int, default=256)
    p.add_argument("--layers", type=int, default=5)
    p.add_argument("--ff", type=int, default=512)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--kv-heads", type=int, default=2)
    p.add_argument("--vocab", type=int, default=3072)
    p.add_argument("--muon", type=float, default=0.025)
    p.add_argument("--adam", type=float, default=4e-3)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--workers", type=int, default=2, help="single-threaded processes")
    p.add_argument("--evaluate-every", type=float, default=15, help="minutes")
    p.add_argument("--save-every", type=float, default=3, help="minutes")
    p.add_argument("--intents", default=data.INTENTS)
    p.add_argument("--out", default=BUILD)
    p.add_argument("--resume", action="store_true")
    return p.parse_args()


def rate(progress, warmup):
    """Warm up, then cosine to zero over the budget."""
    return min(1.0, warmup) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


class Run:
    """One training run: model, optimizer, source, clock."""

    def __init__(self, args):
        self.args = args
        torch.set_num_threads(1)
        torch.manual_seed(args.seed)
        os.makedirs(args.out, exist_ok=True)
        self.path = os.path.join(args.out, "checkpoint.pt")
        self.source = data.Source(args.intents)
        self.literals = Literals() if args.placeholders else None
        start = Start(args.start) if args.start else None
        tokenizer_path = os.path.join(args.out, "tokenizer.json")
        if not (args.resume and os.path.exists(tokenizer_path)):
            tok = start.tok if start else self.source.learn_tokenizer(args.vocab, args.seed)
            tok.with_placeholders(args.placeholders).save(tokenizer_path)
        self.tok = Tokenizer.load(tokenizer_path)
        sizes = start.shape() if start else {k: getattr(args, k) for k in ("hidden", "layers", "ff", "heads", "kv_heads")}
        self.model = Model(Shape(vocab=len(self.tok.tokens), **sizes))
        if start:
            start.fill(self.model, self.tok)
        self.optimizer = Optimizer(self.model, args.muon, args.adam)
        self.step = self.tokens = 0
        self.used = 0.0
        if args.resume and os.path.exists(self.path):
            self.restore()
        self.team = Team(self.model, args.workers)
        self.mine = self.team.owned(self.model)

    def log(self, **values):
        """One JSON line to the log and to the screen."""
        line = json.dumps({"step": self.step, "pairs": self.step * self.args.pairs, "minutes": round(self.used / 60, 2), **values})
        print(line, flush=True)
        with open(os.path.join(self.args.out, "log.jsonl"), "a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def save(self):
        """Checkpoint by rename, so that a reader never sees half a file."""
        saved = {"model": self.model.state_dict(), "shape": self.model.shape.as_dict(), "optimizer": self.optimizer.dump(),
                 "step": self.step, "tokens": self.tokens, "used": self.used}
        torch.save(saved, self.path + ".new")
        os.replace(self.path + ".new", self.path)

    def restore(self):
        """Continue an interrupted run."""
        saved = torch.load(self.path)
        self.model.load_state_dict(saved["model"])
        self.optimizer.restore(saved["optimizer"])
        self.step, self.tokens, self.used = saved["step"], saved["tokens"], saved["used"]

    def one_step(self):
        """Draw a batch, compute my share and update my parameters; returns (loss, tokens, norm)."""
        team = self.team
        rng = random.Random(self.args.seed * 1000003 + self.step)
        pairs = [self.source.sample(rng) for _ in range(self.args.pairs)]
        if self.literals:
            # Its own numbers, so that runs with and without placeholders see the same pairs.
            pairs = self.literals.hide_most(pairs, self.args.raw, random.Random(self.step))
        pairs = [self.tok.pair(p.request, p.command) for p in pairs]
        mine, answer_tokens = deal(pairs, team.rank, team.workers)
        batch, where, targets = collate(mine, 6, self.tok.end)
        loss = self.model.loss(batch, where, targets) / answer_tokens
        loss.backward()
        team.share(self.model, float(loss))
        size = team.gather(self.model, self.mine, 1.0)
        self.optimizer.step(self.mine, float(team.scale))
        team.wait()
        return float(team.numbers[0].sum()), sum(len(p[0]) for p in pairs), size

    def follow(self):
        """What the other workers do: the same steps, until told to stop."""
        self.mine = self.team.owned(self.model)
        while True:
            self.team.wait()
            if self.team.stop:
                return
            self.one_step()
            self.step += 1

    def progress(self):
        """The share of the budget that is used."""
        return max(self.step * self.args.pairs / self.args.samples, self.used / 60 / self.args.minutes)

    def lead(self):
        """One step of the leading worker, who sets the learning rate."""
        self.team.scale.fill_(rate(self.progress(), (self.step + 1) / 15))
        self.team.wait()
        return self.one_step()

    def evaluate(self):
        """Exact match on samples of both held-out kinds."""
        result = {}
        for kind, items in (("unseen_phrasing", self.source.held_out(7)), ("unseen_value", self.source.new_values(8, 120))):
            items = random.Random(9).sample(items, min(120, len(items)))
            got = decode.answers(self.model, self.tok, [i[1] for i in items], self.literals)
            result[kind] = round(sum(g == i[2] for g, i in zip(got, items)) / max(1, len(items)), 4)
        self.log(**result)

    def go(self):
        """Until the pairs are used."""
        next_log, losses = self.used + 30, []
        next_save = self.used + self.args.save_every * 60
        next_eval = self.used + self.args.evaluate_every * 60
        mark_time, mark_tokens = self.used, self.tokens
        while self.progress() < 1:
            start = time.time()
            loss, tokens, size = self.lead()
            self.step, self.tokens, self.used = self.step + 1, self.tokens + tokens, self.used + time.time() - start
            losses.append(loss)
            if self.used >= next_log:
                self.log(loss=round(sum(losses) / len(losses), 4), norm=round(size, 2), tokens=self.tokens,
                         tokens_per_s=round((self.tokens - mark_tokens) / (self.used - mark_time)))
                losses, mark_time, mark_tokens, next_log = [], self.used, self.tokens, self.used + 30
            if self.used >= next_save:
                self.save()
                next_save = self.used + self.args.save_every * 60
            if self.used >= next_eval:
                self.evaluate()
                next_eval = self.used + self.args.evaluate_every * 60
        self.team.stop.fill_(1)
        self.team.wait()
        self.save()
        self.evaluate()


def main():
    """Run."""
    run = Run(arguments())
    run.log(parameters=run.model.count(), shape=run.model.shape.as_dict(), intents=len(run.source.intents),
            phrasings=sum(len(i.phrasings) for i in run.source.intents), grammar_errors=len(run.source.errors))
    run.team.start(run.follow)
    run.go()


if __name__ == "__main__":
    main()
