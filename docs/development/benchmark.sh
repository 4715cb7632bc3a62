#!/usr/bin/env bash
# Times Coldpress over a JSONL file and prints the rows of a Markdown table.
#
#   docs/development/benchmark.sh DATA.jsonl [RUNS]
#
# Each case runs once to warm the page cache, then RUNS times (3 by default); the row has the median. Time is that of
# the whole process, syncing included. Variables: WORKERS (2), OUTPUT (a folder below the system's temporary one;
# results depend on the disk that it is on), COLDPRESS (a program, instead of a release build of this tree).
set -euo pipefail

data="${1:?usage: benchmark.sh DATA.jsonl [RUNS]}"
runs="${2:-3}"
workers="${WORKERS:-2}"
output="$(mktemp -d "${OUTPUT:-${TMPDIR:-/tmp}}/coldpress-benchmark.XXXXXX")"
trap 'rm -rf "$output"' EXIT
data="$(cd "$(dirname "$data")" && pwd)/$(basename "$data")"

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if [ -z "${COLDPRESS:-}" ]; then
    cargo build --quiet --release --package coldpress-cli
    COLDPRESS="${CARGO_TARGET_DIR:-target}/release/coldpress"
fi

# The recipe of the quick start with partitions of the default size, and one without operators.
printf 'dataset_path: unset\nexport_path: unset.jsonl\nprocess: []\n' > "$output/carry.yaml"
cp configs/quickstart.yaml "$output/clean.yaml"

# name, recipe, more settings
cases=(
    "carrying records through|carry|"
    "ten operators, no checkpoint files|clean|--checkpoint.strategy disabled"
    "ten operators, every_partition|clean|--checkpoint.strategy every_partition"
    "ten operators, every_op|clean|--checkpoint.strategy every_op"
)

run_once() { # recipe, settings: prints seconds and peak memory in KB
    local folder="$output/run" recipe="$output/$1.yaml" settings
    read -r -a settings <<< "$2"
    rm -rf "$folder"
    mkdir "$folder"
    python3 - "$folder" "$COLDPRESS" process --config "$recipe" --dataset_path "$data" \
        --export_path "$folder/out.jsonl" --work_dir "$folder/jobs" --job_id benchmark --np "$workers" \
        --partition.size 10000 --no-progress "${settings[@]}" <<'PYTHON'
import resource, subprocess, sys, time
folder, *command = sys.argv[1:]
with open(folder + "/log", "wb") as log:
    started = time.monotonic()
    code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode
    seconds = time.monotonic() - started
if code != 0:
    sys.exit("exit code %d of: %s\n%s" % (code, " ".join(command), open(folder + "/log").read()))
print("%.3f %d" % (seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
PYTHON
}

bytes="$(wc -c < "$data")"
echo "$(uname -sr), $(nproc) cores, $workers workers, $bytes bytes, median of $runs, output on $(df --output=fstype "$output" | tail -n 1)"
"$COLDPRESS" --version
echo
echo "| case | seconds | MB/s | peak memory, MB |"
echo "| --- | ---: | ---: | ---: |"
for case in "${cases[@]}"; do
    IFS='|' read -r name recipe settings <<< "$case"
    run_once "$recipe" "$settings" > /dev/null
    for _ in $(seq "$runs"); do
        run_once "$recipe" "$settings"
    done | sort -n | awk -v name="$name" -v bytes="$bytes" '
        { seconds[NR] = $1; if ($2 > peak) peak = $2 }
        END {
            median = seconds[int((NR + 1) / 2)]
            printf "| %s | %.2f | %.0f | %.0f |\n", name, median, bytes / median / 1e6, peak * 1024 / 1e6
        }'
done
