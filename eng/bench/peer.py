"""The peer of `cpt bench trainer`: the same Qwen2 decoder as a plain PyTorch loop, as a careful user would write it.

Reads one JSON request a line on standard input and answers with one JSON line, so that the benchmark can take turns
with it inside one run. tokens_per_second is of the median step; cpu_seconds is what all threads used in the whole turn. Requests:
  {"op": "load", "config": {...config.json of a Qwen2 model...}, "threads": 2, "seed": 1}
                                                                      -> {"version": ..., "threads": ..., "blas": [...], "parameters": ...}
  {"op": "train", "batch": 32, "tokens": 64, "steps": 20}             -> {"tokens_per_second": ..., "cpu_seconds": ..., "loss": ...}
  {"op": "rollout", "rows": 64, "prompt": 16, "new": 16, "rounds": 5} -> {"tokens_per_second": ..., "cpu_seconds": ...}
  {"op": "memory"}                                                    -> {"peak_bytes": ...}
"""
import json
import math
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.kv = c["num_attention_heads"], c["num_key_value_heads"]
        self.dim = c["hidden_size"] // self.heads
        self.q_proj = nn.Linear(c["hidden_size"], self.heads * self.dim)
        self.k_proj = nn.Linear(c["hidden_size"], self.kv * self.dim)
        self.v_proj = nn.Linear(c["hidden_size"], self.kv * self.dim)
        self.o_proj = nn.Linear(self.heads * self.dim, c["hidden_size"], bias=False)

    def forward(self, x, cos, sin, mask, cache):
        b, t, _ = x.shape
        q = self.q_proj(x).view(b, t, self.heads, self.dim).transpose(1, 2)
        k = self.k_proj(x).view(b, t, self.kv, self.dim).transpose(1, 2)
        v = self.v_proj(x).view(b, t, self.kv, self.dim).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            k, v = cache.append(self, k, v)
        group = self.heads // self.kv
        # Grouped queries side by side: [b, kv, group*t, dim] needs no copy of the keys for every head.
        q = q.reshape(b, self.kv, group * t, self.dim)
        scores = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(self.dim)
        if mask is not None:
            scores = scores + mask.repeat(group, 1)
        out = torch.matmul(scores.softmax(-1), v).view(b, self.heads, t, self.dim)
        return self.o_proj(out.transpose(1, 2).reshape(b, t, -1))


class Norm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.attention = Attention(c)
        self.gate = nn.Linear(c["hidden_size"], c["intermediate_size"], bias=False)
        self.up = nn.Linear(c["hidden_size"], c["intermediate_size"], bias=False)
        self.down = nn.Linear(c["intermediate_size"], c["hidden_size"], bias=False)
        self.before, self.after = Norm(c["hidden_size"], c["rms_norm_eps"]), Norm(c["hidden_size"], c["rms_norm_eps"])

    def forward(self, x, cos, sin, mask, cache):
        x = x + self.attention(self.before(x), cos, sin, mask, cache)
        h = self.after(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Decoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embed = nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.layers = nn.ModuleList(Layer(c) for _ in range(c["num_hidden_layers"]))
        self.norm = Norm(c["hidden_size"], c["rms_norm_eps"])
        self.head = None if c.get("tie_word_embeddings") else nn.Linear(c["hidden_size"], c["vocab_size"], bias=False)
        dim, span = c["hidden_size"] // c["num_attention_heads"], 1024
        inverse = c.get("rope_theta", 10000.0) ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
        angles = torch.arange(span, dtype=torch.float64)[:, None] * inverse
        self.cos, self.sin = torch.cat([angles, angles], -1).cos().float(), torch.cat([angles, angles], -1).sin().float()
        self.apply(lambda m: nn.init.normal_(m.weight, std=0.02) if isinstance(m, (nn.Linear, nn.Embedding)) else None)

    def forward(self, ids, cache=None, last=False):
        t, past = ids.shape[1], cache.length if cache else 0
        mask = torch.full((t, past + t), float("-inf")).triu(past + 1) if t > 1 else None
        x, cos, sin = self.embed(ids), self.cos[past:past + t], self.sin[past:past + t]
        for layer in self.layers:
            x = layer(x, cos, sin, mask, cache)
        if cache:
            cache.length += t
        x = self.norm(x[:, -1] if last else x)
        return F.linear(x, self.embed.weight) if self.head is None else self.head(x)


class Cache:
    """Keys and values written in place into room made once."""

    def __init__(self, rows, span):
        self.rows, self.span, self.length, self.store = rows, span, 0, {}

    def append(self, owner, k, v):
        if owner not in self.store:
            shape = (self.rows, owner.kv, self.span, owner.dim)
            self.store[owner] = (torch.empty(shape), torch.empty(shape))
        keys, values = self.store[owner]
        end = self.length + k.shape[2]
        keys[:, :, self.length:end], values[:, :, self.length:end] = k, v
        return keys[:, :, :end], values[:, :, :end]


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


def mapped_blas():
    with open("/proc/self/maps") as maps:
        paths = {line[line.index("/"):].strip() for line in maps if "/" in line}
    return sorted(p for p in paths if p.rpartition("/")[2].startswith(("libblas", "libopenblas", "liblapack", "libmkl")))


class Peer:
    def load(self, config, threads, seed):
        # OMP_NUM_THREADS has said so already; the setter would start a second pool of threads, which spin.
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        torch.manual_seed(seed)
        self.config, self.model = config, Decoder(config)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3, weight_decay=0.01, foreach=True)
        return {"version": torch.__version__, "threads": torch.get_num_threads(), "blas": mapped_blas(),
                "parameters": sum(p.numel() for p in self.model.parameters())}

    def train(self, batch, tokens, steps):
        times, loss, cpu = [], None, time.process_time()
        for _ in range(steps):
            ids = torch.randint(self.config["vocab_size"], (batch, tokens + 1))
            start = time.perf_counter()
            logits = self.model(ids[:, :-1])
            loss = F.cross_entropy(logits.view(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            loss.item()
            times.append(time.perf_counter() - start)
        return {"tokens_per_second": batch * tokens / statistics.median(times), "loss": loss.item(),
                "cpu_seconds": time.process_time() - cpu}

    def rollout(self, rows, prompt, new, rounds):
        times, cpu = [], time.process_time()
        for _ in range(rounds):
            ids = torch.randint(self.config["vocab_size"], (rows, prompt))
            start = time.perf_counter()
            with torch.inference_mode():
                cache, cursor, picked = Cache(rows, prompt + new), ids, []
                for _ in range(new):
                    probabilities = self.model(cursor, cache, last=True).softmax(-1)
                    cursor = torch.multinomial(probabilities, 1)
                    picked.append(cursor)
                torch.cat(picked, 1).tolist()
            times.append(time.perf_counter() - start)
        return {"tokens_per_second": rows * new / statistics.median(times), "cpu_seconds": time.process_time() - cpu}

    def memory(self):
        return {"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def main():
    peer = Peer()
    for line in sys.stdin:
        request = json.loads(line)
        answer = getattr(peer, request.pop("op"))(**request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
