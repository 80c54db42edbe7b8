"""What the figures were measured on."""
import os
import pathlib
import re
import subprocess

import corral


def processor():
    found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return found[1].strip() if found else os.uname().machine


def llama_cli_version():
    told = subprocess.run([corral.LLAMA_CLI, "--version"], capture_output=True, text=True, timeout=20)
    found = re.search(r"version: *(\S+)", told.stdout + told.stderr)
    return found[1] if found else "?"


def description():
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {processor()}, load {load:.1f} at the start; llama-cli {llama_cli_version()}"


def resident_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s*(\d+)", status)[1]) / 1024
