#!/usr/bin/env bash
# run.sh PROGRAM URL: sets up what the programs here need, once, then runs one. Nothing is put into the checkout.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

key=$(cksum <"$here/requirements.txt" | cut -d' ' -f1)
home=${XDG_CACHE_HOME:-$HOME/.cache}/dormouse/e2e-clients-python-$key

set_up() {
    rm -rf "$home"
    python3 -m venv "$home/venv"
    "$home/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
    touch "$home/ready"
}

mkdir -p "${home%/*}"
exec 9>"$home.lock"
flock 9 # a second caller waits for the first, then finds all done
[ -e "$home/ready" ] || set_up </dev/null >&2
exec 9>&-

PYTHONDONTWRITEBYTECODE=1 DORMOUSE_URL=$2 exec "$home/venv/bin/python" -W ignore "$here/$1" -v
