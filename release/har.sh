#!/usr/bin/env bash
# Makes wxtransfer-VERSION.har for HarmonyOS NEXT: the Node-API module for each ABI, and its types for ArkTS. Leaves the modules
# before they were stripped in target/har/symbols.
#
# usage: har.sh                     builds with the `native` directory of HarmonyOS's SDK in OHOS_NDK_HOME and Rust, then packs.
#                                   Adds the Rust targets where rustup is there. Needs python3.
#        har.sh ABI=LIBRARY...      packs what was built before: libwxtransfer_napi.so of each ABI. Runs anywhere.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=release/common.sh
source "$ROOT/release/common.sh"

OUT=$ROOT/target/har
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

# build ABI: prints where its module is.
build() {
    local target name clang sdk_cmake=$OHOS_NDK_HOME/build-tools/cmake/bin/cmake
    target=$(rust_target "$1")
    name=${target//-/_}
    clang=$OHOS_NDK_HOME/llvm/bin/clang
    [[ -x $clang ]] || fail "the SDK has no $clang"
    add_target "$target"
    hide_paths "$ROOT"
    line_tables
    # A static library is not linked, so Rust needs no linker of the SDK's.
    env "CC_$name=$clang" "AR_$name=$OHOS_NDK_HOME/llvm/bin/llvm-ar" \
        "CFLAGS_$name=${CFLAGS:-} --target=${target/-unknown/} --sysroot=$OHOS_NDK_HOME/sysroot -D__MUSL__" \
        cargo rustc --release --locked --lib --target "$target" --crate-type staticlib >&2 || fail "the core is not built for $1"
    "$sdk_cmake" -S "$HARMONY" -B "$OUT/build-$1" -DCMAKE_BUILD_TYPE=MinSizeRel -DOHOS_ARCH="$1" \
        -DCMAKE_TOOLCHAIN_FILE="$OHOS_NDK_HOME/build/cmake/ohos.toolchain.cmake" \
        -DWXTRANSFER_LIBRARY="$ROOT/target/$target/release/libwxtransfer.a" >&2 || fail "$1 is not configured"
    "$sdk_cmake" --build "$OUT/build-$1" >&2 || fail "$1 is not built"
    mkdir -p "$OUT/symbols/$1"
    cp "$OUT/build-$1/$LIBRARY" "$OUT/symbols/$1/"
    "$OHOS_NDK_HOME/llvm/bin/llvm-strip" "$OUT/build-$1/$LIBRARY"
    echo "$OUT/build-$1/$LIBRARY"
}

# pack ABI LIBRARY
pack() {
    rust_target "$1" >/dev/null
    [[ $(head -c 4 "$2") == $'\x7fELF' && $(od -An -tu2 -j18 -N2 "$2") -eq $(machine "$1") ]] ||
        fail "$2 is no shared library for $1"
    [[ ! -e $PACKAGE/libs/$1 ]] || fail "$1 is given twice"
    mkdir -p "$PACKAGE/libs/$1"
    cp "$2" "$PACKAGE/libs/$1/$LIBRARY"
}

need python3
if (($# == 0)); then
    cd "$ROOT"
    [[ -n ${OHOS_NDK_HOME:-} ]] || fail "OHOS_NDK_HOME is not set; modules built before can be packed without it"
    for abi in arm64-v8a x86_64; do
        library=$(build "$abi")
        set -- "$@" "$abi=$library"
    done
fi

PACKAGE=$OUT/package
rm -rf "$PACKAGE"
for library in "$@"; do
    [[ $library == *=* ]] || fail "usage: har.sh [ABI=LIBRARY...]"
    pack "${library%%=*}" "$(absolute "${library#*=}")"
done
types=$PACKAGE/src/main/cpp/types/$LIBRARY
types=${types%.so}
mkdir -p "$types"
cp "$HARMONY/package/Index.ets" "$ROOT"/LICENSE* "$PACKAGE/"
# The package has no docs/, and its types lie elsewhere.
for guide in README.md README.zh-CN.md; do
    sed -e "s#](../../#]($(metadata repository)/blob/v$(version)/#g" -e "s#](index.d.ts)#](${types#"$PACKAGE/"}/index.d.ts)#g" \
        "$HARMONY/$guide" >"$PACKAGE/$guide"
done
cp "$HARMONY/package/module.json" "$PACKAGE/src/main/"
cp "$HARMONY/index.d.ts" "$types/"
sed "s/@VERSION@/$(version)/" "$HARMONY/package/oh-package.json5" >"$PACKAGE/oh-package.json5"
sed "s/@VERSION@/$(version)/" "$HARMONY/package/types/oh-package.json5" >"$types/oh-package.json5"

archive=$OUT/wxtransfer-$(version).har
# The same bytes for the same files, whenever and wherever it is made.
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
echo "$archive"
