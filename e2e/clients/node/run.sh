#!/usr/bin/env bash
# run.sh PROGRAM URL: sets up what the programs here need, once, then runs one. Nothing is put into the checkout.
# PROGRAM is a file beside this one, or the name of a program that a package brings: run.sh compatcanary scan …
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

key=$(cat "$here/package.json" "$here/package-lock.json" | cksum | cut -d' ' -f1)
home=${XDG_CACHE_HOME:-$HOME/.cache}/dormouse/e2e-clients-node-$key

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

program=$1
shift
if [ -f "$here/$program" ]; then
    cp "$here"/*.mjs "$home" # where the packages are, so that the imports are found
    exec 9>&-
    DORMOUSE_URL=$1 exec node --test --test-reporter=spec "$home/$program"
fi
exec 9>&-
exec "$home/node_modules/.bin/$program" "$@"
