"""The sections of eng/gpu-check.sh, which calls this: each within its time, a failure recorded and the next one begun.

Writes results.json (everything) and report.txt (for people) into --output, and a log for every command into --work/logs.
"""
import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

KINDS = ["gradnorm", "adamw.final", "adamw.grad_norms", "adamw.losses", "grad", "greedy", "position_ids", "rope_deltas", "image_features", "image_grid_thw", "pixel_values", "logits", "loss"]
SHARES = {"parity": 60, "train": 110, "workers": 60, "vl": 80, "full": 20, "bench05": 90, "bench7": 150, "size": 90}


class Check:
    def __init__(self, options):
        self.options, self.results, self.lines = options, {}, []
        self.output, self.work = Path(options.output), Path(options.work)
        self.logs = self.work / "logs"
        self.logs.mkdir(exist_ok=True)
        self.began = time.monotonic()

    def say(self, text):
        line = f"[{time.monotonic() - self.began:5.0f} s] {text}"
        self.lines.append(line)
        print(line, flush=True)

    def run(self, name, arguments, seconds, ok=(0,), env=None):
        """Runs cpt; its two streams go to logs. Returns (exit code or None for a timeout, stdout)."""
        out, err = self.logs / f"{name}.out", self.logs / f"{name}.err"
        with open(out, "wb") as to, open(err, "wb") as errors:
            process = subprocess.Popen([self.options.cpt, *arguments], stdout=to, stderr=errors, cwd=self.work, env={**os.environ, **(env or {})})
            try:
                code = process.wait(timeout=max(5, seconds))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                code = None
        if code not in ok:
            said = err.read_text(errors="replace").strip().splitlines()[-6:]
            self.say(f"{name}: {'took longer than %d s' % seconds if code is None else 'exit code %s' % code}" + "".join("\n          " + line[:300] for line in said))
        return code, out.read_text(errors="replace")

    def parity(self, seconds):
        """cpt model verify over every golden model."""
        until = time.monotonic() + seconds
        found = {}
        for folder in sorted(Path(self.options.golden).iterdir()):
            reference = folder / "cases.safetensors"
            if not reference.exists():
                continue
            code, text = self.run(
                f"parity-{folder.name}",
                ["model", "verify", "-m", str(folder), "-r", str(reference), "--device", self.options.device, "-o", "json"],
                until - time.monotonic(), ok=(0, 1))
            try:
                report = json.loads(text)
            except ValueError:
                found[folder.name] = {"passed": False, "exitCode": code}
                continue
            worst = {}
            for tensor in report["tensors"]:
                # Cases of one file have a prefix each: "batch.grad.model.norm.weight".
                kind = next((known for known in KINDS if known in tensor["name"]), tensor["name"])
                key = "maxRelative" if tensor["measure"] == "Relative" else "maxAbsolute"
                value = tensor[key] if tensor[key] is not None else float("nan")
                if not value <= worst.get(kind, -1.0):
                    worst[kind] = value
            found[folder.name] = {"passed": report["passed"], "compared": len(report["tensors"]), "largest": worst}
            self.say(f"parity {folder.name}: {'passed' if report['passed'] else 'PAST THE TOLERANCE'}, {len(report['tensors'])} tensors; "
                     + ", ".join(f"{kind} {value:.1e}" for kind, value in sorted(worst.items())))
        return {"passed": bool(found) and all(entry["passed"] for entry in found.values()), "models": found}

    def train(self, seconds):
        """A chain of text stages three times: undisturbed, again, and stopped in the middle and resumed. All must commit the same digests."""
        return self.chain("train", "digits.yaml", ("first", "again", "resumed"), seconds)

    def workers(self, seconds):
        """Two stages of the text chain once more, each by one of a group of one: what several GPUs do, as far as one GPU shows it (NCCL on a GPU, Gloo on a CPU).
        Undisturbed, and stopped in the middle and resumed: the digests must be the same."""
        until = time.monotonic() + seconds
        found, passed = {}, True
        first = self.work / "run-train-first"
        stages = {json.loads(path.read_text())["stage"]: path for path in first.glob("**/stage.json")}
        for stage in ("sft", "grpo-bfloat16"):
            if stage not in stages:
                self.say(f"workers {stage}: the section train has left no {stage}/stage.json; run both sections")
                return {"passed": False, "error": "no stage"}
            digests = []
            for name in ("undisturbed", "resumed"):
                where = self.work / f"workers-{stage}-{name}"
                # What the stage begins with is there, what it made is not.
                shutil.copytree(first / "volumes", where / "volumes")
                shutil.rmtree(where / "volumes" / "checkpoints" / "gpu-check" / "stages" / json.loads(stages[stage].read_text())["stageHash"], ignore_errors=True)
                if name == "resumed":
                    self.as_worker(stage, stages[stage], where, until, stop=True)
                code, result = self.as_worker(stage, stages[stage], where, until)
                digests.append(result.get("checkpointDigest") if code == 0 else None)
            same = None not in digests and digests[0] == digests[1]
            passed = passed and same
            found[stage] = {"digests": digests, "same": same}
            self.say(f"workers {stage}: one of a group of one, {', '.join(str(digest)[:12] for digest in digests)}: {'the same resumed as undisturbed' if same else 'OTHER DIGESTS'}")
        return {"passed": passed, "stages": found}

    def as_worker(self, stage, contract, where, until, stop=False):
        """One attempt as torchrun would start it. Returns the exit code and the result."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        program = Path(self.options.cpt).parent
        name = f"{where.name}{'-stopped' if stop else ''}"
        out, result = self.logs / f"{name}.out", where / "result.json"
        environment = {**os.environ, "RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": str(port),
                       "CPT_VOLUMES": str(where / "volumes"), "CPT_BUNDLE": str(program / "bundle")}
        with open(out, "wb") as to, open(self.logs / f"{name}.err", "wb") as errors:
            process = subprocess.Popen([str(program / "cpt-trainer"), "--stage", str(contract), "--work", str(where / "work"), "--termination-log", str(result), "--port", "0", "--log", "json"],
                                       stdout=to, stderr=errors, cwd=self.work, env=environment)
            try:
                while stop and process.poll() is None and time.monotonic() < until and not re.search(r'"event":"checkpoint"', out.read_text(errors="replace")):
                    time.sleep(0.02)
                if stop:
                    process.send_signal(signal.SIGTERM)
                code = process.wait(timeout=max(5, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        if code not in (0, 75):
            said = (out.read_text(errors="replace").strip().splitlines() + (self.logs / f"{name}.err").read_text(errors="replace").strip().splitlines())[-4:]
            self.say(f"{name}: exit code {code}" + "".join("\n          " + line[:300] for line in said))
        try:
            return code, json.loads(result.read_text())
        except (OSError, ValueError):
            return code, {}

    def vl(self, seconds):
        """A chain of stages with pictures, twice."""
        return self.chain("vl", "pictures.yaml", ("first", "again"), seconds)

    def chain(self, section, manifest, names, seconds):
        until = time.monotonic() + seconds
        manifest = self.manifest(manifest)
        digests, stages, took = {}, {}, {}
        for name in names:
            arguments = ["run", "-f", str(manifest), "--workdir", str(self.work / f"run-{section}-{name}"), "-o", "json"]
            started = time.monotonic()
            if name == "resumed":
                self.stop_in_the_middle(arguments, until - time.monotonic())
            code, text = self.run(f"{section}-{name}", arguments, until - time.monotonic())
            took[name] = round(time.monotonic() - started, 1)
            try:
                status = json.loads(text)
            except ValueError:
                digests[name] = None
                continue
            digests[name] = {stage["name"]: stage.get("checkpoint") or stage.get("checkpointDigest") for stage in status.get("stages", [])}
            stages[name] = status.get("stages")
            self.say(f"{section} {name}: exit code {code}, {took[name]} s, " + ", ".join(f"{stage} {str(digest)[:12]}" for stage, digest in digests[name].items()))
        warnings, results = set(), {}
        for log in self.work.glob(f"run-{section}-*/**/*"):
            if log.is_file() and log.suffix in (".log", ".err", ".jsonl", ".txt"):
                text = log.read_text(errors="replace")
                warnings.update(re.findall(r"[\w:]+ does not have a deterministic implementation", text))
                if "error" in log.name or log.suffix in (".err", ".log"):
                    warnings.update(re.sub(r"^\[\S+ \S+ ", "[", line)[:300] for line in text.splitlines() if "Warning" in line)
                if log.suffix == ".jsonl" and f"run-{section}-first" in str(log):
                    results.update(self.results_in(text))
        for stage, result in results.items():
            memory = result.get("devicePeakMemoryBytes")
            self.say(f"{section} {stage}: " + ", ".join(f"{task} {score:.3f}" for task, score in result.get("scores", {}).items())
                     + (f"; {memory / 2 ** 20:.0f} MiB of device memory at most" if memory else "; device memory unknown"))
        good = digests.get("first")
        same = {name: bool(good) and None not in good.values() and digests.get(name) == good for name in names[1:]}
        verdict = lambda name: "same digests" if same[name] else "OTHER DIGESTS" if digests.get(name) else "did not end"
        self.say(f"{section}: " + "; ".join(f"{name}: {verdict(name)}" for name in same))
        for warning in sorted(warnings):
            self.say(f"{section}: {warning}")
        counted = self.options.device == "cpu" or all(result.get("devicePeakMemoryBytes") for result in results.values())
        return {"passed": all(same.values()) and bool(results) and counted, "same": same, "digests": digests, "seconds": took, "results": results, "warnings": sorted(warnings), "stages": stages.get("first")}

    def manifest(self, name):
        """The file, for the device that is asked for."""
        text = (Path(self.options.root) / "eng" / "gpu" / name).read_text().replace("device: cuda", f"device: {self.options.device}")
        path = self.work / name
        path.write_text(text)
        return path

    @staticmethod
    def results_in(log):
        """Results of stages, by name, out of a trainer's lines."""
        found = {}
        for line in log.splitlines():
            if '"event":"result"' in line:
                try:
                    result = json.loads(line)["result"]
                    found[result["stage"]] = result
                except (ValueError, KeyError):
                    pass
        return found

    def full(self, seconds):
        """A GPU that has no room left: the stage must end with words that help, not with a crash."""
        if self.options.device == "cpu":
            return {"passed": True, "leftOut": True}
        arguments = ["run", "-f", str(self.manifest("pictures.yaml")), "--workdir", str(self.work / "run-full"), "-o", "json"]
        fraction = "per_process_memory_fraction:0.0001"
        code, _ = self.run("full", arguments, seconds, ok=(0, 1, 70), env={"PYTORCH_ALLOC_CONF": fraction, "PYTORCH_CUDA_ALLOC_CONF": fraction})
        results = {}
        for log in self.work.glob("run-full/logs/*.jsonl"):
            results.update(self.results_in(log.read_text(errors="replace")))
        said = [(result.get("reason"), result.get("message")) for result in results.values()]
        self.say(f"full: exit code {code}; " + "; ".join(f"{reason}: {str(message)[:400]}" for reason, message in said))
        return {"passed": any(reason == "DeviceOutOfMemory" for reason, _ in said), "exitCode": code, "said": said}

    def stop_in_the_middle(self, arguments, seconds):
        """Starts the chain and stops it as a person would, once a checkpoint of its second stage is committed."""
        out = self.logs / "train-stopped.out"
        with open(out, "wb") as to, open(self.logs / "train-stopped.err", "wb") as errors:
            # Not json: the lines of the run as it goes.
            # Whoever started this in the background may have it ignore Ctrl-C, and children inherit that.
            process = subprocess.Popen([self.options.cpt, *arguments[:-2], "-o", "text"], stdout=to, stderr=errors, cwd=self.work,
                                       preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
            end = time.monotonic() + seconds / 2
            while process.poll() is None and time.monotonic() < end:
                text = out.read_text(errors="replace")
                if re.search(r"grpo\b.*step (10|15|20) of 30 is committed", text):
                    break
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            try:
                code = process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        self.say(f"train stopped: exit code {code} (75: stopped after saving)")

    def bench(self, shape, precisions, rounds, seconds, extra=()):
        name = f"bench-{shape}"
        arguments = ["bench", "models", "--shape", self.options.shape or shape, "--device", self.options.device, "--rounds", str(rounds), "--python", self.options.python, *extra, "-o", "json"]
        for precision in precisions:
            arguments += ["--precision", precision]
        code, text = self.run(name, arguments, seconds)
        for line in (self.logs / f"{name}.err").read_text(errors="replace").splitlines():
            if "tokens/s" in line:
                self.say(f"bench {line}")
        try:
            return {"passed": code == 0, **json.loads(text)}
        except ValueError:
            return {"passed": False, "exitCode": code, "log": (self.logs / f"{name}.err").read_text(errors="replace").splitlines()[-30:]}

    def bench05(self, seconds):
        return self.bench("0.5b", ["bfloat16-pure", "bfloat16"], 3, seconds)

    def bench7(self, seconds):
        # Weights, gradients and two moments in bfloat16 are 61 GB; what is left of 80 GB holds the activations of one sequence.
        memory = self.gpu_bytes()
        extra = ["--batch", "4" if memory > 120 << 30 else "1"]
        return self.bench("7b", ["bfloat16-pure"], 2, seconds, extra)

    def size(self, seconds):
        """Peaks of LoRA, gradient checkpointing and offloading beside the estimates of cpt model plan."""
        until = time.monotonic() + seconds
        plans = [
            ("7b", ["lora", "lora-checkpointing"], 8, 0.6),
            ("0.5b", ["plain", "checkpointing", "offload"], 16, 1.0),
        ]
        found, rows = {}, {}
        for shape, ways, batch, share in plans:
            shape = self.options.shape or shape
            arguments = ["bench", "memory", "--shape", shape, "--device", self.options.device,
                         "--precision", "bfloat16-master" if self.options.device == "cuda" else "float32", "--batch", str(batch), "-o", "json"]
            for way in ways:
                arguments += ["--way", way]
            code, text = self.run(f"size-{shape}-{ways[0]}", arguments, (until - time.monotonic()) * share)
            try:
                report = json.loads(text)
            except ValueError:
                found[shape] = {"exitCode": code}
                continue
            for row in report["rows"]:
                rows[(ways[0], row["way"])] = row
                self.say(f"size {report['shape']} {row['way']}: {row['measuredBytes'] / 2 ** 30:.2f} GiB measured, {row['estimatedBytes'] / 2 ** 30:.2f} estimated "
                         f"(ratio {row['ratio']:.2f}), {row['tokensPerSecond']:.0f} tokens/s")
            found[f"{shape} {ways[0]}"] = report
        measured = lambda first, way: rows.get((first, way), {}).get("measuredBytes")
        passed = len(rows) == 5 and measured("lora", "lora-checkpointing") < measured("lora", "lora") and measured("plain", "checkpointing") < measured("plain", "plain")
        # The CPU's bfloat16 takes other ways than a GPU's, and its host is its device.
        if passed and self.options.device == "cuda":
            passed = measured("plain", "offload") < measured("plain", "plain") and all(0.7 < row["ratio"] < 1.4 for row in rows.values())
        return {"passed": bool(passed), "reports": found}

    def gpu_bytes(self):
        try:
            text = subprocess.run(["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"], capture_output=True, text=True, timeout=20).stdout
            return int(text.split()[0]) << 20
        except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
            return 0


def main():
    parser = argparse.ArgumentParser()
    for name in ("--cpt", "--root", "--work", "--output", "--python"):
        parser.add_argument(name, required=True)
    parser.add_argument("--sections", default=",".join(SHARES))
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--shape")
    parser.add_argument("--golden")
    parser.add_argument("--seconds", type=int, default=450)
    options = parser.parse_args()
    options.golden = options.golden or str(Path(options.root) / "tests" / "data" / "golden")
    sections = options.sections.split(",")
    if unknown := set(sections) - set(SHARES):
        parser.error(f"--sections: {', '.join(sorted(unknown))} is unknown; known are {', '.join(SHARES)}")

    check = Check(options)
    try:
        gpu = subprocess.run(["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"], capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        gpu = "none"
    check.say(f"GPU: {gpu}; {os.cpu_count()} cores")
    check.results["machine"] = {"gpu": gpu, "cores": os.cpu_count()}
    scale = options.seconds / sum(SHARES[section] for section in sections)
    end = check.began + options.seconds
    for section in sections:
        seconds = min(SHARES[section] * max(scale, 1.0), end - time.monotonic())
        if seconds < 10:
            check.say(f"{section}: left out, the time is spent")
            check.results[section] = {"passed": False, "leftOut": True}
            continue
        began = time.monotonic()
        try:
            check.results[section] = getattr(check, section)(seconds)
        except Exception as error:  # noqa: BLE001 - the next section is worth as much
            check.say(f"{section}: {type(error).__name__}: {error}")
            check.results[section] = {"passed": False, "error": f"{type(error).__name__}: {error}"}
        check.results[section]["took"] = round(time.monotonic() - began, 1)
        check.say(f"{section}: {'passed' if check.results[section]['passed'] else 'FAILED'} after {check.results[section]['took']} s")
        (check.output / "results.json").write_text(json.dumps(check.results, indent=1) + "\n")
        (check.output / "report.txt").write_text("\n".join(check.lines) + "\n")
    raise SystemExit(0 if all(check.results[section]["passed"] for section in sections) else 1)


main()
