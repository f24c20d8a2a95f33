#!/usr/bin/env bash
# Sets up what chat.py needs, once, then runs it with the arguments given. Nothing is put into the checkout.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
proto=$here/../../proto

key=$(cat "$here/requirements.txt" "$proto"/dormouse/v1/*.proto | cksum | cut -d' ' -f1)
home=${XDG_CACHE_HOME:-$HOME/.cache}/dormouse/example-python-$key

set_up() {
    rm -rf "$home"
    python3 -m venv "$home/venv"
    "$home/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
    local site
    site=$("$home/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    mkdir "$home/stubs"
    "$home/venv/bin/python" -m grpc_tools.protoc -I "$proto" -I "$site" \
        --python_out="$home/stubs" --grpc_python_out="$home/stubs" "$proto"/dormouse/v1/*.proto
    touch "$home/ready"
}

mkdir -p "${home%/*}"
exec 9>"$home.lock"
flock 9 # a second caller waits for the first, then finds all done
[ -e "$home/ready" ] || set_up </dev/null >&2
exec 9>&-

PYTHONPATH=$home/stubs exec "$home/venv/bin/python" "$here/chat.py" "$@"
