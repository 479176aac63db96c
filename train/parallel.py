"""Two single-threaded processes on shared memory instead of threads.

Debian's torch runs OpenMP beside OpenBLAS's own threads; both spin, and two cores then give
less than one. Here each process computes half of a batch, and updates half of the parameters
in place for both: the parameters lie in shared memory."""
import multiprocessing
import os

import torch


class Team:
    """Shared gradients and the barrier between the workers of one step."""

    def __init__(self, model, workers):
        self.workers, self.rank = workers, 0
        self.names = [n for n, _ in model.named_parameters()]
        model.share_memory()
        self.grads = [{n: torch.zeros_like(p).share_memory_() for n, p in model.named_parameters()} for _ in range(workers)]
        self.numbers = torch.zeros(2, workers, dtype=torch.float64).share_memory_()
        self.stop, self.scale = torch.zeros(1).share_memory_(), torch.zeros(1).share_memory_()
        self.barrier = multiprocessing.get_context("fork").Barrier(workers)
        self.children = []

    def owned(self, model):
        """Names of the parameters this worker updates: dealt by size, so that both work alike."""
        load, mine = [0] * self.workers, [[] for _ in range(self.workers)]
        sizes = {n: p.numel() for n, p in model.named_parameters()}
        for name in sorted(self.names, key=lambda n: (-sizes[n], n)):
            # The embedding takes the cheap Adam, so it weighs little.
            rank = load.index(min(load))
            load[rank] += sizes[name] if name.startswith("blocks") else sizes[name] // 8
            mine[rank].append(name)
        return mine[self.rank]

    def start(self, work):
        """Fork the other workers; they run work(rank) until the stop flag is set."""
        for rank in range(1, self.workers):
            child = os.fork()
            if child == 0:
                self.rank = rank
                try:
                    work()
                finally:
                    os._exit(0)
            self.children.append(child)

    def share(self, model, loss):
        """Publish my gradients and my part of the loss."""
        for name, p in model.named_parameters():
            self.grads[self.rank][name].copy_(p.grad)
            p.grad = None
        self.numbers[0, self.rank] = loss
        self.barrier.wait()

    def gather(self, model, mine, limit):
        """Sum the gradients of my parameters, clip by the global norm; returns it."""
        params, total = dict(model.named_parameters()), 0.0
        for name in mine:
            grad = self.grads[0][name].clone()
            for other in self.grads[1:]:
                grad += other[name]
            params[name].grad = grad
            total += float(grad.square().sum())
        self.numbers[1, self.rank] = total
        self.barrier.wait()
        size = float(self.numbers[1].sum()) ** 0.5
        if size > limit:
            for name in mine:
                params[name].grad.mul_(limit / size)
        return size

    def wait(self):
        """All updates are done behind this point."""
        self.barrier.wait()
