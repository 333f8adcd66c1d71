#!/usr/bin/env bash
# The figures that docs/scale.md plans with: what an enrolled reference takes and how fast references and decisions are written,
# in SQLite and in a PostgreSQL of its own, on synthetic writers.
#     cargo build --release && crates/inkproof-cli/tests/postgres.sh benches/scale.sh [WRITERS]
set -euo pipefail
writers=${1:-400}
program=${INKPROOF:-$PWD/target/release/inkproof}
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
export XDG_CONFIG_HOME=$folder/settings
"$program" synth signatures --writers "$writers" --genuine 5 --forgeries 1 --seed 1 > /dev/null
{ echo writer,path; for w in $(seq -f %03g 1 "$writers"); do for n in 01 02 03; do echo "w$w,signatures/$w/${w}_$n.png"; done; done; } > enrol.csv
{ echo writer,questioned; for w in $(seq -f %03g 1 "$writers"); do for n in 04 05; do echo "w$w,signatures/$w/${w}_$n.png"; done; done; } > cases.csv

seconds() { local begun; begun=$(date +%s.%N); "$@" > log 2>&1 || { cat log; exit 1; }; echo "$(date +%s.%N) - $begun" | bc; }

measure() {
  local name=$1 store=$2 images=$3
  local enrolled decided
  enrolled=$(seconds "$program" enroll --from enrol.csv --store "$store" --anyway --keep-images="$images")
  decided=$(seconds "$program" verify-batch cases.csv --out "decided-$name.csv" --store "$store")
  echo "$name: $(echo "3 * $writers / $enrolled" | bc) references enrolled a second, $(echo "2 * $writers / $decided" | bc) decisions a second"
}

measure sqlite store.db false
measure sqlite-with-images images.db true
for file in store.db images.db; do
  "$program" store backup "$file.copy" --store "$file" > /dev/null
  echo "$file: $(($(stat -c %s "$file.copy") / (3 * writers))) bytes a reference, its writer and decisions with it"
done
echo "an image: $(($(cat signatures/[0-9][0-9][0-9]/*_01.png | wc -c) / writers)) bytes"
if [ -n "${INKPROOF_TEST_POSTGRES:-}" ]; then
  measure postgres "${INKPROOF_TEST_POSTGRES/DATABASE/postgres}" false
fi
