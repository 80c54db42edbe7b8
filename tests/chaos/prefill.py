"""A worker that computes a long prompt says nothing for many times timeouts.stall and is not killed for it."""
import time

from corral import FAKE_LLAMA_CLI
from running import running

CONTEXT = 65536
PROMPTS = (4000, 8000, 16000, 32000)  # words of one token


def silent_spin(findings, rounds, stall, spin_ms=3000):
    """A fake that uses the CPU for so long before its first word."""
    pool = {"llama_cli": FAKE_LLAMA_CLI, "env": {"FAKE_LLAMA_CLI": ""}}
    with running(workers=1, pool=pool, timeouts={"stall": f"{round(1000 * stall)}ms"}) as daemon:
        for _ in range(rounds):
            answer = daemon.ask(f"Count to 5. [spin {spin_ms} at 0]")
            findings.require(answer == "1 2 3 4 5", f"after a silent spin: {answer!r}", daemon)
        restarts = daemon.workers()[0]["restarts"]
        findings.figure(f"false kills in {rounds} silent spins of {spin_ms} ms (stall {stall:g} s)", restarts)
        findings.require(restarts == 0, "a worker that computed was killed", daemon)


def real_prefill(findings, stall, silence):
    """The bundled model, told that its context is larger, reads ever longer prompts until one keeps it silent for so long."""
    pool = {"context": CONTEXT, "prompt_cache_mib": 0,
            "extra_args": ["--override-kv", f"llama.context_length=int:{CONTEXT}"]}
    with running(workers=1, pool=pool, timeouts={"stall": f"{round(1000 * stall)}ms"}) as daemon:
        for words in PROMPTS:
            asked = time.monotonic()
            answer = daemon.chat("llama " * words, max_tokens=2)
            silent = time.monotonic() - asked
            findings.require(answer.status == 200, f"a prompt of {words} words got {answer.status} {answer.body[:300]!r}", daemon)
            if silent >= silence:
                break
        restarts = daemon.workers()[0]["restarts"]
        findings.figure(f"false kills in a real prompt of {words} words, silent for {silent:.1f} s (stall {stall:g} s)", restarts)
        findings.require(restarts == 0, "a worker that computed its prompt was killed", daemon)
        findings.require(silent > 1.5 * stall, f"no prompt kept the model busy for long: {silent:.2f} s at most")
