#!/usr/bin/env bash
# Builds llama.cpp's llama-server for the slow tests, once per machine.
# The last line on standard output is the path of the program; everything else goes to standard error.
# Why from this package, and what it is run with: README.md beside this file.
set -euo pipefail

version=3.22.1
bundle_sha256=5f5d1105d5df040738d87b8290e5d17e7362131cdcfdb0831618e0ea528b4a51
options=(
    -DCMAKE_BUILD_TYPE=Release
    -DBUILD_SHARED_LIBS=OFF
    -DGGML_NATIVE=OFF          # the same instructions, so the same text, on every x86-64 machine with AVX2
    -DGGML_OPENMP=OFF
    -DGGML_CCACHE=OFF
    -DLLAMA_OPENSSL=OFF
    -DLLAMA_BUILD_TESTS=OFF
    -DLLAMA_BUILD_EXAMPLES=OFF
    -DLLAMA_BUILD_APP=OFF
    -DLLAMA_BUILD_UI=OFF
    -DLLAMA_USE_PREBUILT_UI=OFF
)

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dormouse
recipe=$(printf '%s\n' "$bundle_sha256" "${options[@]}" | cksum | cut -d' ' -f1)
home=$cache/llama-server-$version-$recipe
server=$home/llama-server

say() { echo "llama-server: $*" >&2; }

build() {
    "$here/../../.ci/need" node=nodejs npm git cmake ninja=ninja-build g++ >&2
    local work=$home.building started=$SECONDS
    rm -rf "$work"
    mkdir -p "$work/npm"

    say "fetching node-llama-cpp $version from npm for the source of llama.cpp"
    (cd "$work/npm" && npm pack --silent "node-llama-cpp@$version" >&2 && tar xzf ./*.tgz package/llama/gitRelease.bundle)
    local bundle=$work/npm/package/llama/gitRelease.bundle
    echo "$bundle_sha256  $bundle" | sha256sum --check --quiet - >&2
    git clone --quiet -c advice.detachedHead=false "$bundle" "$work/source" >&2

    say "compiling with $(nproc) cores; this takes minutes"
    cmake -S "$work/source" -B "$work/out" -G Ninja "${options[@]}" >"$work/cmake.log" 2>&1 \
        || { tail -40 "$work/cmake.log" >&2; return 1; }
    cmake --build "$work/out" --target llama-server >"$work/build.log" 2>&1 \
        || { tail -60 "$work/build.log" >&2; return 1; }

    strip -o "$work/llama-server" "$work/out/bin/llama-server"
    "$work/llama-server" --version >&2
    cp "$work/source/LICENSE" "$work/LICENSE"
    rm -rf "$work/npm" "$work/source" "$work/out"
    mv -T "$work" "$home"
    say "built in $((SECONDS - started)) s: $server"
}

mkdir -p "$cache"
exec 9>"$home.lock"
flock 9 # a second caller waits for the first, then finds the program
[ -x "$server" ] || build 9>&-
echo "$server"
