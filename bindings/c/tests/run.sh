#!/bin/sh
# Compiles the story of the C library, its example and the program of docs/c.md against a build of the library, and runs
# them:
#
#   bindings/c/tests/run.sh target/debug
#
# The folder has libinkproof.a, libinkproof.so (.dylib on macOS) and the program `inkproof`, whose verdict has to be
# theirs. The story is linked both ways; linked statically it is run under valgrind where that is installed.
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
built=$(cd "$1" && pwd)
signatures=$root/examples/signatures
one=$signatures/001/001_01.png two=$signatures/001/001_02.png genuine=$signatures/001/001_04.png
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "bindings/c/tests/run.sh: $*" >&2
    exit 1
}

# Warnings are errors: a header is read with whatever flags its reader has.
compile() {
    source=$1 output=$2
    shift 2
    ${CC:-cc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -Wstrict-prototypes -g -O1 \
        -I "$root/bindings/c/include" "$source" -o "$output" "$@" -lm -lpthread
}
dynamic="-L$built -linkproof -Wl,-rpath,$built"
case $(uname) in
Darwin) native="-framework CoreFoundation" ;;
*) native="-lgcc_s -ldl -lrt -lutil" ;;
esac

echo "no image" >"$work/text"
awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$root/docs/c.md" >"$work/page.c"

# shellcheck disable=SC2086
{
    compile "$root/bindings/c/tests/story.c" "$work/story-static" "$built/libinkproof.a" $native
    compile "$root/bindings/c/tests/story.c" "$work/story-dynamic" $dynamic
    compile "$root/bindings/c/examples/verify.c" "$work/verify" $dynamic
    compile "$work/page.c" "$work/page" $dynamic
}

# The score as the program prints it, to the last digit.
score=$("$built/inkproof" verify --json --reference "$one" --reference "$two" "$genuine" |
    sed -n 's/^  "score": \(.*\),$/\1/p')
[ -n "$score" ] || fail "the program gives no score"
for story in story-static story-dynamic; do
    "$work/$story" "$signatures" "$work/text" >"$work/$story.json"
    grep -q "\"score\":$score," "$work/$story.json" || fail "$story: another score than the program's $score"
done

# The example: a genuine signature and a forgery, the picture, and what it says of a file that is not there.
code=0
"$work/verify" "$one" "$two" "$genuine" "$work/picture.png" >"$work/accepted" || code=$?
[ $code = 0 ] && grep -q '^accepted$' "$work/accepted" || fail "verify: exit code $code for a genuine signature"
[ "$(head -c 4 "$work/picture.png" | tail -c 3)" = PNG ] || fail "verify: wrote no picture"
code=0
"$work/verify" "$one" "$signatures/002/002_01.png" "$work/picture.png" >"$work/rejected" || code=$?
[ $code = 1 ] && grep -q '^rejected$' "$work/rejected" || fail "verify: exit code $code for somebody else's signature"
code=0
"$work/verify" "$one" "$work/none.png" "$work/picture.png" 2>"$work/missing" || code=$?
[ $code = 2 ] && grep -q 'none.png: cannot be read' "$work/missing" || fail "verify: exit code $code for no file"

# The page's program, in the folder that it names.
(cd "$signatures" && "$work/page") >"$work/page.txt"
grep -q '^accepted' "$work/page.txt" || fail "docs/c.md: its program does not accept: $(cat "$work/page.txt")"

# Threads that the library keeps are no leak.
if command -v valgrind >/dev/null; then
    valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,indirect \
        --show-leak-kinds=definite,indirect "$work/story-static" "$signatures" "$work/text" >"$work/valgrind.json" ||
        fail "the story is not clean under valgrind"
else
    echo "skipped: the C library under valgrind; tests/install.sh valgrind installs it" |
        tee -a "${INKPROOF_SKIPPED:-/dev/null}" >&2
fi
echo "the C library: its story, its example and its page hold"
