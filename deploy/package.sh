#!/bin/sh
# Builds the program for a target and packs it with its licenses and its changelog: deploy/package.sh [TARGET]. The archive
# is in target/packages; without a target it is for this machine.
set -eu
cd "$(dirname "$0")/.."

target=${1:-$(rustc -vV | sed -n 's/^host: //p')}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
name=inkproof-$version-$target
rustup target add "$target" >/dev/null 2>&1 || true
cargo build --release --locked --package inkproof-cli --target "$target"

rm -rf "target/packages/$name"
mkdir -p "target/packages/$name"
case $target in *windows*) program=inkproof.exe ;; *) program=inkproof ;; esac
cp "target/$target/release/$program" LICENSE-APACHE LICENSE-MIT README.md CHANGELOG.md "target/packages/$name"
cd target/packages
case $target in
*windows*) 7z a -bso0 "$name.zip" "$name" && echo "target/packages/$name.zip" ;;
*) tar czf "$name.tar.gz" "$name" && echo "target/packages/$name.tar.gz" ;;
esac
rm -rf "$name"
