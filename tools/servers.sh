#!/usr/bin/env bash
# Builds the stack's servers from Go modules, for machines without Docker: tools/servers.sh [name...], all without a name.
# Versions are pinned in tools/servers/<name>/go.mod and go.sum; binaries go to .cache/servers and are built again only
# when those change. Where Go is absent, a server that is on PATH serves instead.
set -euo pipefail
cd "$(dirname "$0")/.."

SERVERS=(promtool)
BUILT=$PWD/.cache/servers

# What to build, with which tags, and which version it shall say it is.
recipe_of() {
    case $1 in
        promtool) echo "github.com/prometheus/prometheus/cmd/promtool netgo,remove_all_sd 3.14.0" ;;
        *) echo "There is no server '$1'. Build one of: ${SERVERS[*]}" >&2 && return 1 ;;
    esac
}

build() {
    local name=$1 recipe package tags version key work=$BUILT/build/$1
    recipe=$(recipe_of "$name")
    read -r package tags version <<<"$recipe"
    key=$(cat "tools/servers/$name/go.mod" "tools/servers/$name/go.sum" | cksum)
    if [ -x "$BUILT/$name" ] && [ "$(cat "$BUILT/$name.key" 2>/dev/null)" = "$key" ]; then
        echo "$name: built already, $BUILT/$name"
    elif command -v go >/dev/null; then
        echo "$name: building (some minutes the first time)"
        # Built in a copy, since -mod=mod may write into go.mod and go.sum.
        mkdir -p "$work" && cp "tools/servers/$name"/go.{mod,sum} "$work"
        (cd "$work" && CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-buildvcs=false \
            go build -mod=mod -p 2 -trimpath -tags "$tags" -o "$BUILT/$name.new" \
            -ldflags "-s -w -X github.com/prometheus/common/version.Version=$version" "$package")
        mv "$BUILT/$name.new" "$BUILT/$name"
        echo "$key" >"$BUILT/$name.key"
        echo "$name: $BUILT/$name"
    elif command -v "$name" >/dev/null; then
        echo "$name: Go is not on PATH, so $(command -v "$name") serves"
    else
        echo "$name: not built, Go is not on PATH. Install Go 1.26 or newer, or the server itself." >&2
        return 1
    fi
}

if [ $# -eq 0 ]; then set -- "${SERVERS[@]}"; fi
for server in "$@"; do build "$server"; done
