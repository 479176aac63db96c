"""From pairs to batches: sorted by length into groups, so that little is padded."""
import torch

from model import Batch

LONGEST = 160


def deal(pairs, rank, workers):
    """This worker's share, equal in length to the others', and the answer tokens of all."""
    pairs = sorted((p for p in pairs if len(p[0]) <= LONGEST), key=lambda p: len(p[0]))
    return pairs[rank::workers], sum(len(ids) - head for ids, head in pairs)


def collate(pairs, groups, pad):
    """Batch of sorted pairs, flat positions that predict an answer token, and these tokens."""
    share = -(-len(pairs) // groups)
    tensors, where, targets, at = [], [], [], 0
    for start in range(0, len(pairs), share):
        part = pairs[start:start + share]
        # The last token is only a target.
        length = max(len(ids) for ids, _ in part) - 1
        rows = torch.full((len(part), length), pad, dtype=torch.long)
        for row, (ids, head) in enumerate(part):
            rows[row, :len(ids) - 1] = torch.tensor(ids[:-1])
            where += range(at + row * length + head - 1, at + row * length + len(ids) - 1)
            targets += ids[head:]
        tensors.append(rows)
        at += len(part) * length
    return Batch(tensors), torch.tensor(where), torch.tensor(targets)
