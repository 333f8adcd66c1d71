#!/bin/sh
# Builds the program for a target and packs it with its licenses, its changelog, its manual and what shells complete:
#
#   deploy/package.sh [TARGET]   for this machine, or for a target that it can run
#   deploy/package.sh --static   for Linux: one file that needs no other, tried in an empty root (a service in one needs
#                                /dev/random and /dev/urandom, which containers have)
#
# The archive is in target/packages with its checksum beside it, and with its parts as CycloneDX where `cargo cyclonedx` is
# installed.
set -eu
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
case ${1:-} in
--static)
    target=$host
    name=inkproof-$version-$target-static
    # A folder of its own, or the next build without these flags would begin again.
    export RUSTFLAGS="-C target-feature=+crt-static" CARGO_TARGET_DIR=target/static
    ;;
*)
    target=${1:-$host}
    name=inkproof-$version-$target
    rustup target add "$target" >/dev/null 2>&1 || true
    ;;
esac
cargo build --release --locked --package inkproof-cli --target "$target"
case $target in *windows*) program=inkproof.exe ;; *) program=inkproof ;; esac
built=${CARGO_TARGET_DIR:-target}/$target/release/$program

packages=target/packages
folder=$packages/$name
rm -rf "$folder"
mkdir -p "$folder/completions"
cp "$built" LICENSE-APACHE LICENSE-MIT README.md CHANGELOG.md "$folder"
"$built" manual --out "$folder/man"
for shell in bash zsh fish powershell; do "$built" completions "$shell" >"$folder/completions/inkproof.$shell"; done

if [ "${1:-}" = --static ]; then
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    cp "$built" "$root"
    in_root() { unshare --user --map-root-user chroot "$root" /inkproof "$@"; }
    in_root synth /signatures --writers 1 --genuine 4 --forgeries 1 >/dev/null
    known=$(for number in 01 02 03; do echo --reference "/signatures/001/001_$number.png"; done)
    # shellcheck disable=SC2086 # they are words
    in_root verify $known /signatures/001/001_04.png
fi

if cargo cyclonedx --version >/dev/null 2>&1; then
    # It writes beside each Cargo.toml.
    cargo cyclonedx --quiet --format json --target "$target" --override-filename "$name.cdx"
    mv "crates/inkproof-cli/$name.cdx.json" "$packages/"
    find crates -name "$name.cdx.json" -delete
else
    echo "without a list of its parts: cargo install cargo-cyclonedx makes one possible" >&2
fi

cd "$packages"
case $target in
*windows*) archive=$name.zip && 7z a -bso0 "$archive" "$name" ;;
*) archive=$name.tar.gz && tar czf "$archive" "$name" ;;
esac
rm -rf "$name"
for file in "$archive" "$name.cdx.json"; do
    if [ -f "$file" ]; then sha256sum "$file" >"$file.sha256" 2>/dev/null || shasum -a 256 "$file" >"$file.sha256"; fi
done
echo "$packages/$archive"
