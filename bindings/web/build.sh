#!/bin/sh
# Builds the verifier as WebAssembly and puts the npm package into target/web/package and the page into target/web/page.
# Whichever compiler can do it does: the one in use where its target for the browser is installed (`rustup target add
# wasm32-unknown-unknown`), or Debian's rustc-web, which builds the standard library with it.
#
#   bindings/web/build.sh            builds
#   bindings/web/build.sh --which    says which compiler would, and fails where there is none
set -eu
cd "$(dirname "$0")/../.."

TARGET=wasm32-unknown-unknown
OLDEST=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
MOST_BYTES=3000000

# Debian's, wherever another compiler comes first in PATH.
has_debian() {
    [ -x /usr/bin/cargo ] && [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library" ] &&
        command -v wasm-ld >/dev/null &&
        [ "$(printf '%s\n' "$OLDEST" "$(/usr/bin/rustc --version | cut -d' ' -f2)" | sort -V | head -n 1)" = "$OLDEST" ]
}

if [ -d "$(rustc --print target-libdir --target $TARGET 2>/dev/null)" ]; then
    compiler="$(rustc --version)"
    build() { cargo build "$@"; }
elif has_debian 2>/dev/null; then
    compiler="$(/usr/bin/rustc --version), with its standard library"
    build() {
        PATH="/usr/bin:$PATH" RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld \
            cargo build -Zbuild-std=std,panic_abort -Zbuild-std-features= "$@"
    }
else
    echo "no compiler for $TARGET" >&2
    exit 1
fi
[ "${1:-}" = --which ] && echo "$compiler" && exit

CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C target-feature=+simd128" \
    build --package inkproof-web --profile wasm --target $TARGET

out=target/web
rm -rf $out
mkdir -p $out/page/inkproof $out/page/examples
cp -r bindings/web/package $out/package
cp target/$TARGET/wasm/inkproof_web.wasm $out/package/inkproof.wasm
cp LICENSE-APACHE LICENSE-MIT $out/package
cp bindings/web/page/* crates/inkproof-server/web/icon.svg $out/page
cp $out/package/index.js $out/package/inkproof.wasm $out/page/inkproof
signatures=examples/signatures
for number in 1 2 3; do cp $signatures/001/001_0$number.png $out/page/examples/reference-$number.png; done
cp $signatures/001/001_04.png $out/page/examples/questioned-by-the-writer.png
cp $signatures/001_forg/0007001_04.png $out/page/examples/questioned-forged.png
cp $signatures/002/002_01.png $out/page/examples/questioned-by-somebody-else.png

# What the page keeps for when there is no network, under a name that changes with any of it.
version=$(cd $out/page && find . -type f | sort | xargs sha256sum | sha256sum | cut -c1-16)
files=$(cd $out/page && find . -type f ! -name service-worker.js | sort | sed 's/.*/"&"/' | tr '\n' ',')
sed -i "s|@VERSION@|$version|; s|@FILES@|\"./\",$files|" $out/page/service-worker.js

bytes=$(tar -C $out -czf - package | wc -c)
echo "$out/package: $bytes bytes compressed; $out/page: $(tar -C $out -czf - page | wc -c)"
[ "$bytes" -le $MOST_BYTES ] || { echo "the package is larger than $MOST_BYTES bytes" >&2; exit 1; }
