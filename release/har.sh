#!/bin/sh
# Makes wxtransfer-VERSION.har for HarmonyOS NEXT: the Node-API module for each ABI, and its types for ArkTS. Makes
# wxtransfer-VERSION-harmony-symbols.zip with the same modules before they were stripped. Prints the paths of both.
#
# usage: har.sh                     builds with the `native` directory of HarmonyOS's SDK in OHOS_NDK_HOME and Rust, then packs.
#                                   If rustup is installed, adds the Rust targets. Needs python3 and zip.
#        har.sh ABI=LIBRARY...      packs existing modules: libwxtransfer_napi.so of each ABI, which must not be stripped. Needs
#                                   llvm-strip, or its path in LLVM_STRIP.
set -eu
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
. "$ROOT/release/common.sh"

OUT=$PACKAGES/har
HARMONY=$ROOT/bindings/harmony
LIBRARY=libwxtransfer_napi.so

rust_target() {
    case $1 in
    arm64-v8a) echo aarch64-unknown-linux-ohos ;;
    x86_64) echo x86_64-unknown-linux-ohos ;;
    *) fail "unknown ABI: $1" ;;
    esac
}

# `e_machine` of an ELF file (the System V ABI's list).
machine() {
    case $1 in
    arm64-v8a) echo 183 ;;
    x86_64) echo 62 ;;
    esac
}

# build ABI: builds the module, and prints its path.
build() (
    target=$(rust_target "$1")
    name=$(echo "$target" | tr - _)
    clang=$OHOS_NDK_HOME/llvm/bin/clang
    sdk_cmake=$OHOS_NDK_HOME/build-tools/cmake/bin/cmake
    [ -x "$clang" ] || fail "the SDK has no $clang"
    add_target "$target"
    hide_paths "$ROOT"
    line_tables
    # A static library is not linked, so Rust does not need the SDK's linker.
    env "CC_$name=$clang" "AR_$name=$OHOS_NDK_HOME/llvm/bin/llvm-ar" \
        "CFLAGS_$name=${CFLAGS:-} --target=${target%%-*}-linux-ohos --sysroot=$OHOS_NDK_HOME/sysroot -D__MUSL__" \
        cargo rustc --release --locked --lib --target "$target" --crate-type staticlib >&2 || fail "the core is not built for $1"
    "$sdk_cmake" -S "$HARMONY" -B "$OUT/build-$1" -DCMAKE_BUILD_TYPE=MinSizeRel -DOHOS_ARCH="$1" \
        -DCMAKE_TOOLCHAIN_FILE="$OHOS_NDK_HOME/build/cmake/ohos.toolchain.cmake" \
        -DWXTRANSFER_LIBRARY="$ROOT/target/$target/release/libwxtransfer.a" >&2 || fail "$1 is not configured"
    "$sdk_cmake" --build "$OUT/build-$1" >&2 || fail "$1 is not built"
    echo "$OUT/build-$1/$LIBRARY"
)

# pack ABI LIBRARY: checks a module, adds it to the symbols and, stripped, to the HAR.
pack() {
    rust_target "$1" >/dev/null
    is_elf "$2" "$(machine "$1")" || fail "$2 is no shared library for $1"
    [ ! -e "$PACKAGE/libs/$1" ] || fail "$1 is given twice"
    mkdir -p "$SYMBOLS/$1" "$PACKAGE/libs/$1"
    cp "$2" "$SYMBOLS/$1/$LIBRARY"
    "$LLVM_STRIP" --strip-all -o "$PACKAGE/libs/$1/$LIBRARY" "$2" || fail "$2 is not stripped"
}

need python3
need zip
LLVM_STRIP=${LLVM_STRIP:-llvm-strip}
if [ $# = 0 ]; then
    cd "$ROOT"
    [ -n "${OHOS_NDK_HOME:-}" ] || fail "OHOS_NDK_HOME is not set; modules built before can be packed without it"
    LLVM_STRIP=$OHOS_NDK_HOME/llvm/bin/llvm-strip
    for abi in arm64-v8a x86_64; do
        library=$(build "$abi")
        set -- "$@" "$abi=$library"
    done
fi

need "$LLVM_STRIP"
PACKAGE=$OUT/package
SYMBOLS=$OUT/symbols
rm -rf "$PACKAGE" "$SYMBOLS"
for library in "$@"; do
    case $library in
    *=*) pack "${library%%=*}" "$(absolute "${library#*=}")" ;;
    *) fail "usage: har.sh [ABI=LIBRARY...]" ;;
    esac
done
types=$PACKAGE/src/main/cpp/types/${LIBRARY%.so}
mkdir -p "$types"
cp "$HARMONY/package/Index.ets" "$ROOT"/LICENSE* "$PACKAGE/"
# The package contains no docs/, and its types are in another place than in the repository.
for guide in README.md README.zh-CN.md; do
    sed -e "s#](../../#]($(metadata repository)/blob/v$(version)/#g" -e "s#](index.d.ts)#](${types#"$PACKAGE/"}/index.d.ts)#g" \
        "$HARMONY/$guide" >"$PACKAGE/$guide"
done
cp "$HARMONY/package/module.json" "$PACKAGE/src/main/"
cp "$HARMONY/index.d.ts" "$types/"
sed "s/@VERSION@/$(version)/" "$HARMONY/package/oh-package.json5" >"$PACKAGE/oh-package.json5"
sed "s/@VERSION@/$(version)/" "$HARMONY/package/types/oh-package.json5" >"$types/oh-package.json5"

archive=$OUT/wxtransfer-$(version).har
# Reproducible: the same files always give the same bytes.
python3 - "$PACKAGE" "$archive" <<'PYTHON'
import gzip, pathlib, sys, tarfile

package, archive = map(pathlib.Path, sys.argv[1:])
with open(archive, "wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(path for path in package.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(f"package/{path.relative_to(package).as_posix()}")
            entry.size, entry.mtime, entry.mode = path.stat().st_size, 1577836800, 0o644
            with open(path, "rb") as content:
                tar.addfile(entry, content)
PYTHON
zip_directory "$SYMBOLS" "${archive%.har}-harmony-symbols.zip" .
echo "$archive"
echo "${archive%.har}-harmony-symbols.zip"
