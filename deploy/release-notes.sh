#!/bin/sh
# Prints what the changelog says of a version: deploy/release-notes.sh 0.1.0
set -eu
cd "$(dirname "$0")/.."

notes=$(awk -v version="$1" '
    /^## / { inside = index($0, "## [" version "]") == 1; next }
    /^\[.*\]: / { next }
    inside { print }
' CHANGELOG.md)
if [ -z "$notes" ]; then
    echo "CHANGELOG.md has no section '## [$1]'" >&2
    exit 1
fi
echo "$notes"
