#!/bin/sh
# Builds the C library for use elsewhere: include/inkproof.h, lib/libinkproof.a and .so (.dylib, .dll) and a file for
# pkg-config, all in target/c.
set -eu
cd "$(dirname "$0")/../.."

# Whoever links the file by its path should not have that path in the program.
case $(uname) in
Linux) name="-C link-arg=-Wl,-soname,libinkproof.so" ;;
Darwin) name="-C link-arg=-Wl,-install_name,@rpath/libinkproof.dylib" ;;
*) name= ;;
esac
mkdir -p target/release
libraries=target/release/inkproof.native-libraries
# shellcheck disable=SC2086
cargo rustc --release --locked --package inkproof-c --lib -- --print "native-static-libs=$PWD/$libraries" $name

rm -rf target/c
mkdir -p target/c/include target/c/lib/pkgconfig
cp bindings/c/include/inkproof.h target/c/include
for file in libinkproof.a libinkproof.so libinkproof.dylib inkproof.lib inkproof.dll inkproof.dll.lib; do
    if [ -f "target/release/$file" ]; then cp "target/release/$file" target/c/lib; fi
done
cat >target/c/lib/pkgconfig/inkproof.pc <<END
prefix=\${pcfiledir}/../..
includedir=\${prefix}/include
libdir=\${prefix}/lib

Name: inkproof
Description: Verifies handwritten signatures from images
Version: $(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
Cflags: -I\${includedir}
Libs: -L\${libdir} -linkproof
Libs.private: $(cat "$libraries")
END
echo "the C library is in target/c: include, lib, lib/pkgconfig"
