"""The peer of `cpt bench models`: the same model in transformers, or where that is missing as a plain PyTorch module, used as a careful user would.

Reads one JSON request a line on standard input and answers with one JSON line. "seconds" are the times of equal pieces of work, "of" the tokens of one.
A request that fails (out of memory, say) is answered with {"error": ...}. Requests:
  {"op": "facts", "device": "cuda", "threads": 2}                  -> {"version": ..., "gpu": ...}
  {"op": "load", "config": {...}, "precision": "bfloat16-pure"}     -> {"parameters": ...}
  {"op": "forward" | "training", "batch": 16, "tokens": 512, "learned": 512, "count": 5}
  {"op": "decoding", "rows": 64, "prompt": 256, "new": 128, "count": 5}
A config with a vision_config is a Qwen2.5-VL: every row then begins with an image, "image": 16 patches on a side, whose tokens stand from column 1 on. "learned" are the last tokens of a row, whose loss is taken.
  {"op": "unload"}
"""
import gc
import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

try:
    import transformers
    from transformers import AutoConfig, AutoModelForCausalLM
except ImportError:
    transformers = None


class Norm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x):
        wide = x.float()
        return self.weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps)).to(x.dtype)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.kv = c["num_attention_heads"], c["num_key_value_heads"]
        self.dim = c["hidden_size"] // self.heads
        self.q_proj = nn.Linear(c["hidden_size"], self.heads * self.dim)
        self.k_proj = nn.Linear(c["hidden_size"], self.kv * self.dim)
        self.v_proj = nn.Linear(c["hidden_size"], self.kv * self.dim)
        self.o_proj = nn.Linear(self.heads * self.dim, c["hidden_size"], bias=False)

    def forward(self, x, cos, sin, cache):
        b, t, _ = x.shape
        q = self.q_proj(x).view(b, t, self.heads, self.dim).transpose(1, 2)
        k = self.k_proj(x).view(b, t, self.kv, self.dim).transpose(1, 2)
        v = self.v_proj(x).view(b, t, self.kv, self.dim).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            k, v = cache.append(self, k, v)
        out = attend(q, k, v)
        return self.o_proj(out.transpose(1, 2).reshape(b, t, -1))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.attention = Attention(c)
        self.gate = nn.Linear(c["hidden_size"], c["intermediate_size"], bias=False)
        self.up = nn.Linear(c["hidden_size"], c["intermediate_size"], bias=False)
        self.down = nn.Linear(c["intermediate_size"], c["hidden_size"], bias=False)
        self.before, self.after = Norm(c["hidden_size"], c["rms_norm_eps"]), Norm(c["hidden_size"], c["rms_norm_eps"])

    def forward(self, x, cos, sin, cache):
        x = x + self.attention(self.before(x), cos, sin, cache)
        h = self.after(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Plain(nn.Module):
    """A Qwen2 decoder for a Python without transformers."""

    def __init__(self, c):
        super().__init__()
        self.embed = nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.layers = nn.ModuleList(Layer(c) for _ in range(c["num_hidden_layers"]))
        self.norm = Norm(c["hidden_size"], c["rms_norm_eps"])
        self.head = None if c.get("tie_word_embeddings") else nn.Linear(c["hidden_size"], c["vocab_size"], bias=False)
        dim = c["hidden_size"] // c["num_attention_heads"]
        inverse = c.get("rope_theta", 10000.0) ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
        angles = torch.arange(4096, dtype=torch.float64)[:, None] * inverse
        self.register_buffer("cos", torch.cat([angles, angles], -1).cos().float(), persistent=False)
        self.register_buffer("sin", torch.cat([angles, angles], -1).sin().float(), persistent=False)
        self.apply(lambda m: nn.init.normal_(m.weight, std=0.02) if isinstance(m, (nn.Linear, nn.Embedding)) else None)

    def forward(self, ids, cache=None, last=False):
        t, past = ids.shape[1], cache.length if cache else 0
        x = self.embed(ids)
        cos, sin = self.cos[past:past + t].to(x.dtype), self.sin[past:past + t].to(x.dtype)
        for layer in self.layers:
            x = layer(x, cos, sin, cache)
        if cache:
            cache.length += t
        x = self.norm(x[:, -1] if last else x)
        return F.linear(x, self.embed.weight) if self.head is None else self.head(x)


class VisionBlock(nn.Module):
    def __init__(self, c, whole):
        super().__init__()
        d, f = c["hidden_size"], c["intermediate_size"]
        self.heads, self.whole = c["num_heads"], whole
        self.before, self.after = Norm(d, 1e-6), Norm(d, 1e-6)
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.gate, self.up, self.down = nn.Linear(d, f), nn.Linear(d, f), nn.Linear(f, d)

    def forward(self, x, cos, sin):
        """x [windows or images, patches, d]; every patch sees all of its row."""
        b, t, d = x.shape
        q, k, v = self.qkv(self.before(x)).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if hasattr(F, "scaled_dot_product_attention"):
            out = F.scaled_dot_product_attention(q, k, v)
        else:
            out = torch.matmul((torch.matmul(q, k.transpose(2, 3)) / math.sqrt(d // self.heads)).softmax(-1), v)
        x = x + self.proj(out.transpose(1, 2).reshape(b, t, d))
        h = self.after(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class VisionTower(nn.Module):
    """The image tower of Qwen2.5-VL for square images of one size, whose sides are whole windows: all windows are one batch, and all images."""

    def __init__(self, c, out):
        super().__init__()
        d, merge, self.patch = c["hidden_size"], c["spatial_merge_size"], c["patch_size"]
        self.merge, self.window, self.dim = merge, c["window_size"] // c["patch_size"] // merge, d // c["num_heads"]
        self.embed = nn.Linear(c["in_chans"] * c["temporal_patch_size"] * self.patch ** 2, d, bias=False)
        self.blocks = nn.ModuleList(VisionBlock(c, i in c["fullatt_block_indexes"]) for i in range(c["depth"]))
        self.norm = Norm(d, 1e-6)
        self.mlp = nn.Sequential(nn.Linear(d * merge ** 2, d * merge ** 2), nn.GELU(), nn.Linear(d * merge ** 2, out))
        self.layouts = {}

    def layout(self, side, device):
        """Units window by window, the way back, and the turns of each patch in that order."""
        if side not in self.layouts:
            # Kept for later passes, of which some need gradients.
            with torch.inference_mode(False):
                units = side // self.merge
                assert units % self.window == 0, "an image must be whole windows"
                rows, columns = torch.arange(units)[:, None].expand(units, units), torch.arange(units)[None].expand(units, units)
                order = ((rows // self.window * units + columns // self.window) * units ** 2 + rows * units + columns).flatten().argsort()
                within = torch.arange(self.merge)
                row = (rows.flatten()[order][:, None, None] * self.merge + within[:, None]).expand(-1, self.merge, self.merge).flatten()
                column = (columns.flatten()[order][:, None, None] * self.merge + within).expand(-1, self.merge, self.merge).flatten()
                half = self.dim // 2
                inverse = 10000.0 ** (-torch.arange(0, half, 2, dtype=torch.float64) / half)
                angles = torch.cat([row[:, None] * inverse, column[:, None] * inverse], -1)
                angles = torch.cat([angles, angles], -1)
                self.layouts[side] = order.to(device), order.argsort().to(device), angles.cos().float().to(device), angles.sin().float().to(device)
        return self.layouts[side]

    def forward(self, pixels, side):
        """pixels [images, side², numbers of a patch] -> [images, tokens, out]."""
        order, back, cos, sin = self.layout(side, pixels.device)
        x = self.embed(pixels.to(self.embed.weight.dtype))
        images, patches, d = x.shape
        x = x.view(images, -1, self.merge ** 2, d)[:, order].reshape(images, patches, d)
        cos, sin = cos.to(x.dtype), sin.to(x.dtype)
        size = (self.window * self.merge) ** 2
        for block in self.blocks:
            if block.whole:
                x = block(x, cos, sin)
            else:
                # A window's patches stand together, and every image has the same windows: their turns repeat with the images.
                turns = [table.view(1, -1, size, self.dim).expand(images, -1, -1, -1).reshape(-1, 1, size, self.dim) for table in (cos, sin)]
                x = block(x.view(-1, size, d), *turns).view(images, patches, d)
        return self.mlp(self.norm(x).view(images, -1, d * self.merge ** 2))[:, back]


class PlainWithImages(Plain):
    """A Qwen2.5-VL. Also the peer where transformers is there: its own takes other inputs from one version to the next."""

    def __init__(self, c):
        super().__init__(c)
        self.tower = VisionTower(c["vision_config"], c["hidden_size"])
        self.tower.apply(lambda m: nn.init.normal_(m.weight, std=0.02) if isinstance(m, nn.Linear) else None)
        self.sections, self.theta, self.dim = c["rope_scaling"]["mrope_section"], c.get("rope_theta", 10000.0), c["hidden_size"] // c["num_attention_heads"]

    def place(self, side, device):
        """Turns of every column: column 0, the image, and text that goes on behind its longer side."""
        units = side // self.tower.merge
        time = torch.cat([torch.zeros(1), torch.ones(units * units), torch.arange(4096 - units * units - 1) + 1 + units])
        row, column = time.clone(), time.clone()
        row[1:units * units + 1] = 1 + torch.arange(units).repeat_interleave(units)
        column[1:units * units + 1] = 1 + torch.arange(units).repeat(units)
        inverse = self.theta ** (-torch.arange(0, self.dim, 2, dtype=torch.float64) / self.dim)
        parts = [(at[:, None] * inverse).split(self.sections, -1)[i] for i, at in enumerate((time, row, column))]
        angles = torch.cat(parts * 2, -1)
        self.cos, self.sin = angles.cos().float().to(device), angles.sin().float().to(device)

    def forward(self, ids, cache=None, last=False, pixels=None, side=0, learned=0):
        t, past = ids.shape[1], cache.length if cache else 0
        x = self.embed(ids)
        if pixels is not None:
            seen = self.tower(pixels, side).to(x.dtype)
            x = torch.cat([x[:, :1], seen, x[:, 1 + seen.shape[1]:]], 1)
        cos, sin = self.cos[past:past + t].to(x.dtype), self.sin[past:past + t].to(x.dtype)
        for layer in self.layers:
            x = layer(x, cos, sin, cache)
        if cache:
            cache.length += t
        x = self.norm(x[:, -1] if last else x[:, -learned:] if learned else x)
        return F.linear(x, self.embed.weight) if self.head is None else self.head(x)


class Cache:
    """Keys and values written in place into room made once."""

    def __init__(self, rows, span, like):
        self.rows, self.span, self.length, self.store, self.like = rows, span, 0, {}, like

    def append(self, owner, k, v):
        if owner not in self.store:
            shape = (self.rows, owner.kv, self.span, owner.dim)
            self.store[owner] = (k.new_empty(shape), k.new_empty(shape))
        keys, values = self.store[owner]
        end = self.length + k.shape[2]
        keys[:, :, self.length:end], values[:, :, self.length:end] = k, v
        return keys[:, :, :end], values[:, :, :end]


def attend(q, k, v):
    """Causal where there is more than one query; [b, heads, t, dim]."""
    b, heads, t, dim = q.shape
    group = heads // k.shape[1]
    if hasattr(F, "scaled_dot_product_attention") and t > 1:
        return F.scaled_dot_product_attention(q, k.repeat_interleave(group, 1), v.repeat_interleave(group, 1), is_causal=True)
    # Grouped queries side by side: no copy of the keys for every head.
    q = q.reshape(b, k.shape[1], group * t, dim)
    scores = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(dim)
    if t > 1:
        mask = torch.full((t, k.shape[2]), float("-inf"), device=q.device, dtype=q.dtype).triu(k.shape[2] - t + 1)
        scores = scores + mask.repeat(group, 1)
    return torch.matmul(scores.softmax(-1), v).view(b, heads, t, dim)


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


class Peer:
    def facts(self, device, threads):
        self.device = torch.device(device)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        version = "PyTorch " + torch.__version__ + (f", transformers {transformers.__version__}" if transformers else ", plain module")
        return {"version": version, "gpu": torch.cuda.get_device_name() if device == "cuda" else None}

    def load(self, config, precision, seed):
        torch.manual_seed(seed)
        self.config, self.autocast, self.optimizer = config, precision == "bfloat16", None
        self.precision = precision
        dtype = torch.bfloat16 if precision in ("bfloat16-master", "bfloat16-pure") else torch.float32
        self.hub = transformers is not None and "vision_config" not in config
        if self.hub:
            settings = AutoConfig.for_model(**config)
            with self.device:
                try:
                    self.model = AutoModelForCausalLM.from_config(settings, dtype=dtype, attn_implementation="sdpa")
                except TypeError:
                    self.model = AutoModelForCausalLM.from_config(settings, torch_dtype=dtype, attn_implementation="sdpa")
        else:
            self.model = (PlainWithImages if "vision_config" in config else Plain)(config)
        self.model = self.model.to(device=self.device, dtype=dtype)
        return {"parameters": sum(p.numel() for p in self.model.parameters())}

    def forward(self, batch, tokens, count, image=0, **_):
        self.model.eval()
        shown = self.show(batch, image)

        def work():
            ids = self.random(batch, tokens)
            with torch.inference_mode(), self.cast():
                out = self.model(ids, use_cache=False).logits if self.hub else self.model(ids, **shown)
            del out

        return self.timed(count, batch * tokens, work)

    def training(self, batch, tokens, count, image=0, learned=0, **_):
        self.model.train()
        shown = self.show(batch, image)
        if image:
            shown["learned"] = learned
        if self.optimizer is None:
            # fused needs a GPU before 2.4; on a CPU the list form is the fastest that all versions have.
            kind = {"fused": True} if self.device.type == "cuda" else {"foreach": True}
            self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-5, weight_decay=0.01, **kind)
            self.masters = None
            if self.precision == "bfloat16-master":
                self.masters = [p.detach().float().requires_grad_() for p in self.model.parameters()]
                self.optimizer = torch.optim.AdamW(self.masters, lr=1e-5, weight_decay=0.01, **kind)

        def work():
            ids = self.random(batch, tokens + 1)
            with self.cast():
                if self.hub:
                    loss = self.model(ids[:, :-1], labels=ids[:, :-1], use_cache=False).loss
                else:
                    logits = self.model(ids[:, :-1], **shown).float()
                    loss = F.cross_entropy(logits.view(-1, logits.shape[-1]), ids[:, -logits.shape[1]:].reshape(-1))
            loss.backward()
            parameters = list(self.model.parameters())
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            if self.masters is not None:
                for master, parameter in zip(self.masters, parameters):
                    master.grad = parameter.grad.float()
            self.optimizer.step()
            if self.masters is not None:
                with torch.no_grad():
                    if hasattr(torch, "_foreach_copy_"):
                        torch._foreach_copy_(parameters, self.masters)
                    else:
                        for master, parameter in zip(self.masters, parameters):
                            parameter.copy_(master)
                self.optimizer.zero_grad(set_to_none=True)
            self.model.zero_grad(set_to_none=True)
            loss.item()

        return self.timed(count, batch * tokens, work)

    def decoding(self, rows, prompt, new, count, image=0, **_):
        self.model.eval()
        shown = self.show(rows, image)

        def work():
            ids = self.random(rows, prompt)
            with torch.inference_mode(), self.cast():
                if self.hub:
                    # An end token at every row's last place alone: all rows run to the end.
                    out = self.model.generate(
                        ids, attention_mask=torch.ones_like(ids), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
                        min_new_tokens=new, max_new_tokens=new, pad_token_id=0)
                    assert out.shape == (rows, prompt + new), out.shape
                else:
                    cache, rest = Cache(rows, prompt + new, self.model), ids
                    for at in range(new):
                        logits = self.model(rest, cache, last=True, **(shown if at == 0 else {})).float()
                        rest = torch.multinomial(logits.softmax(-1), 1)
                        rest.tolist()

        return self.timed(count, rows * new, work)

    def unload(self):
        self.model = self.optimizer = self.masters = None
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return {}

    def random(self, rows, columns):
        return torch.randint(0, self.config["vocab_size"], (rows, columns)).to(self.device)

    def show(self, rows, side):
        """An image for each row, already cut into patches."""
        if not side:
            return {}
        vision = self.config["vision_config"]
        self.model.place(side, self.device)
        return {"pixels": torch.randn(rows, side * side, vision["in_chans"] * vision["temporal_patch_size"] * vision["patch_size"] ** 2).to(self.device), "side": side}

    def cast(self):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast)

    def timed(self, count, of, work):
        cuda = self.device.type == "cuda"
        if cuda:
            torch.cuda.reset_peak_memory_stats()
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            work()
            if cuda:
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
        peaks = {"peak_bytes": torch.cuda.max_memory_allocated(), "peak_reserved_bytes": torch.cuda.max_memory_reserved()} if cuda else {}
        return {"seconds": seconds, "of": of, **peaks}


def main():
    peer = Peer()
    # What libraries print must not come between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(peer, request.pop("op"))(**request)
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            answer = {"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}
            # The traceback holds the tensors of the failed call.
            error.__traceback__ = None
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        print(json.dumps(answer), file=answers, flush=True)


main()
