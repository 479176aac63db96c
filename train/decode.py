"""Greedy decoding of many requests at once, for evaluation."""
import torch

from model import Batch

MOST = 72


@torch.no_grad()
def answers(model, tok, requests, literals=None):
    """One command line for each request, "" for an unusable one."""
    return [text for text, _ in scored(model, tok, requests, literals)]


def scored(model, tok, requests, literals=None, rows=64):
    """The same with the log-probability of each reply; no cache, since batches of tiny rows are
    cheap. With `literals` the model sees placeholders, as in the program."""
    if literals:
        replies = scored(model, tok, literals.hide(requests), None, rows)
        return list(zip(literals.restore(requests, [text for text, _ in replies]), [p for _, p in replies]))
    prompts = [tok.prompt(r) for r in requests]
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    out = [None] * len(prompts)
    for start in range(0, len(order), rows):
        part = order[start:start + rows]
        for i, text in zip(part, decode_rows(model, tok, [prompts[i] for i in part])):
            out[i] = text
    return out


def decode_rows(model, tok, prompts):
    """Answers to some prompts of about the same length, each with its log-probability."""
    rows, made, alive = [list(p) for p in prompts], [[] for _ in prompts], list(range(len(prompts)))
    logprobs = [0.0] * len(prompts)
    for _ in range(MOST):
        if not alive:
            break
        length = max(len(rows[i]) for i in alive)
        ids = torch.tensor([rows[i] + [tok.end] * (length - len(rows[i])) for i in alive])
        last = torch.tensor([k * length + len(rows[i]) - 1 for k, i in enumerate(alive)])
        scores, best = model.logits(model.hidden_states(Batch([ids]), last)).log_softmax(-1).max(-1)
        best = best.tolist()
        for i, token, score in zip(alive, best, scores.tolist()):
            logprobs[i] += score
            if token != tok.stop:
                rows[i].append(token)
                made[i].append(token)
        alive = [i for i, token in zip(alive, best) if token not in (tok.stop, tok.end)]
    return [(tok.decode(ids), score) for ids, score in zip(made, logprobs)]
