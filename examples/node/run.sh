#!/usr/bin/env bash
# Sets up what chat.js needs, once, then runs it with the arguments given. Nothing is put into the checkout.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

key=$(cat "$here/package.json" "$here/package-lock.json" | cksum | cut -d' ' -f1)
home=${XDG_CACHE_HOME:-$HOME/.cache}/dormouse/example-node-$key

set_up() {
    rm -rf "$home"
    mkdir "$home"
    cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$home"
    (cd "$home" && npm ci --silent --no-audit --no-fund)
    touch "$home/ready"
}

mkdir -p "${home%/*}"
exec 9>"$home.lock"
flock 9 # a second caller waits for the first, then finds all done
[ -e "$home/ready" ] || set_up </dev/null >&2
exec 9>&-

DORMOUSE_EXAMPLE_HOME=$home exec node "$here/chat.js" "$@"
