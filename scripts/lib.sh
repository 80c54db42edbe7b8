# Shared by the scripts in this folder; sourced, never run. Sets the project's paths and moves to its root.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# The private prefix for what is not in this Debian release; git-ignored, made by scripts/setup.
prefix=$root/.local
# llama-cli 0.7.0 is the oldest release whose pipe contract was measured (docs/llama-cli.md).
llama_cli_oldest=0.7.0

die() { echo "${0##*/}: $*" >&2; exit 1; }
say() { echo "${0##*/}: $*"; }

# The version of the llama-cli at $1, e.g. 0.7.0; nothing if it does not run or tells none.
llama_cli_version() { timeout 20 "$1" --version 2>&1 | sed -n 's/^version: *\([0-9.]*\).*/\1/p' | head -n 1; }

# True when the llama-cli at $1 runs and is new enough.
llama_cli_fits() {
    local version
    version=$(llama_cli_version "$1") && [ -n "$version" ] && dpkg --compare-versions "$version" ge "$llama_cli_oldest"
}

# Prints the llama-cli to use: the one on PATH if it is new enough, else the private one; fails when there is neither.
find_llama_cli() {
    local candidate
    for candidate in "$(command -v llama-cli || true)" "$prefix/bin/llama-cli"; do
        [ -n "$candidate" ] && [ -x "$candidate" ] && llama_cli_fits "$candidate" && { echo "$candidate"; return; }
    done
    return 1
}
