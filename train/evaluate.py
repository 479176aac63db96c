"""Exact match of a checkpoint on held-out phrasings and held-out values; or its answers to a file.

"Parsed" counts answers that are the same list of words for the shell."""
import argparse
import collections
import json
import os
import random
import shlex

import torch

import data
import decode
from export import load
from placeholders import Literals
from train import BUILD


def same_words(left, right):
    """Equal after shell-like splitting."""
    try:
        return shlex.split(left) == shlex.split(right)
    except ValueError:
        return False


def score(model, tok, items, literals):
    """Per domain [count, exact, parsed] and the misses."""
    table, misses = collections.defaultdict(lambda: [0, 0, 0]), []
    for (domain, request, wanted), got in zip(items, decode.answers(model, tok, [i[1] for i in items], literals)):
        exact, parsed = got == wanted, same_words(got, wanted)
        for row in (table[domain], table["all"]):
            row[0] += 1
            row[1] += exact
            row[2] += exact or parsed
        if not exact:
            misses.append((request, wanted, got))
    return table, misses


def value_errors(misses):
    """Misses where the command's form is right and only a copied piece is wrong."""
    return sum(len(w.split()) == len(g.split()) and w.split()[0] == g.split()[0] if w and g else False for _, w, g in misses)


def show(title, table):
    """One table, domains by name, `all` last."""
    print("\n| %s | requests | exact | parsed |\n|---|---|---|---|" % title)
    for domain in sorted(table, key=lambda d: (d == "all", d)):
        count, exact, parsed = table[domain]
        print("| %s | %d | %.1f %% | %.1f %% |" % (domain, count, 100 * exact / count, 100 * parsed / count))


def ask(model, tok, path, literals):
    """Answers to the request lines of a file."""
    with open(path, encoding="utf-8") as stream:
        requests = [l.strip() for l in stream if l.strip() and not l.startswith("#")]
    for request, answer in zip(requests, decode.answers(model, tok, requests, literals)):
        print("%s\n    %s" % (request, answer))


def main():
    """Evaluate or ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=BUILD)
    parser.add_argument("--ask", metavar="FILE")
    parser.add_argument("--limit", type=int, default=2000, help="requests of each kind")
    parser.add_argument("--misses", type=int, default=0, help="print so many wrong answers of each kind")
    parser.add_argument("--plain", action="store_true", help="no placeholders: what another program gets of the model")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model, tok = load(args.folder)
    literals = Literals() if tok.placeholders() and not args.plain else None
    if args.ask:
        return ask(model, tok, args.ask, literals)
    source, summary = data.Source(), {}
    sets = (("unseen phrasings", source.held_out(7)), ("seen phrasings, unseen values", source.new_values(8, args.limit)))
    for title, items in sets:
        random.Random(9).shuffle(items)
        table, misses = score(model, tok, items[:args.limit], literals)
        show(title, table)
        print("misses whose command and word count are right: %d of %d" % (value_errors(misses), len(misses)))
        for miss in misses[:args.misses]:
            print("  %s\n    wanted %s\n    got    %s" % miss)
        summary[title] = {d: row for d, row in table.items()}
    with open(os.path.join(args.folder, "evaluation.json"), "w", encoding="utf-8") as stream:
        json.dump(summary, stream, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()
