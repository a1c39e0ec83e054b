#!/usr/bin/env bash
# Builds the stack's servers from Go modules, for machines without Docker: tools/servers.sh [name...], all without a name.
# Versions are pinned in tools/servers/<module>/go.mod and go.sum; binaries go to ~/.cache/foretell/servers and are built again
# only when those change. Where Go is absent, a server that is on PATH serves instead.
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."

SERVERS=(promtool prometheus alertmanager amtool otelcol loki jaeger pint compose)
BUILT=${XDG_CACHE_HOME:-$HOME/.cache}/foretell/servers
BUILDER=go.opentelemetry.io/collector/cmd/builder@v0.155.0

# The module that pins it, what to build there, with which tags ("-": none), and which version it shall say it is.
recipe_of() {
    case $1 in
        promtool) echo "promtool github.com/prometheus/prometheus/cmd/promtool netgo,remove_all_sd 3.14.0" ;;
        prometheus) echo "promtool github.com/prometheus/prometheus/cmd/prometheus netgo,remove_all_sd 3.14.0" ;;
        alertmanager) echo "alertmanager github.com/prometheus/alertmanager/cmd/alertmanager - 0.31.1" ;;
        amtool) echo "alertmanager github.com/prometheus/alertmanager/cmd/amtool - 0.31.1" ;;
        otelcol) echo "otelcol . - 0.155.0" ;;
        loki) echo "loki github.com/grafana/loki/v3/cmd/loki netgo 3.7.8" ;;
        jaeger) echo "jaeger github.com/jaegertracing/jaeger/cmd/jaeger - 2.13.0" ;;
        pint) echo "pint github.com/cloudflare/pint/cmd/pint - 0.87.0" ;;
        compose) echo "compose github.com/compose-spec/compose-go/v2/cmd - 2.16.2" ;;
        *) echo "There is no server '$1'. Build some of: ${SERVERS[*]}" >&2 && return 1 ;;
    esac
}

# Where each of them keeps the version that it says.
version_flags() {
    echo "-X github.com/prometheus/common/version.Version=$1 -X github.com/grafana/loki/v3/pkg/util/build.Version=$1" \
        "-X github.com/jaegertracing/jaeger/internal/version.latestVersion=v$1"
}

# The collector's main program is written by its builder, from the list of components in manifest.yaml.
write_collector() {
    [ -x "$BUILT/build/builder" ] || GOBIN=$BUILT/build GOTOOLCHAIN=local GOFLAGS=-buildvcs=false go install "$BUILDER"
    cp tools/servers/otelcol/manifest.yaml "$1"
    (cd "$1" && "$BUILT/build/builder" --skip-compilation --skip-get-modules --config manifest.yaml >builder.log 2>&1) ||
        { cat "$1/builder.log" >&2 && return 1; }
}

build() {
    local name=$1 recipe module package tags version key work
    recipe=$(recipe_of "$name")
    read -r module package tags version <<<"$recipe"
    work=$BUILT/build/$module
    key=$(cat "tools/servers/$module"/go.mod "tools/servers/$module"/go.sum "tools/servers/$module"/*.yaml | cksum)
    if [ -x "$BUILT/$name" ] && [ "$(cat "$BUILT/$name.key" 2>/dev/null)" = "$key" ]; then
        echo "$name: built already, $BUILT/$name"
    elif command -v go >/dev/null; then
        echo "$name: building (some minutes the first time)"
        mkdir -p "$work"
        if [ "$name" = otelcol ]; then write_collector "$work"; fi
        # Built in a copy, since -mod=mod may write into go.mod and go.sum.
        cp "tools/servers/$module"/go.{mod,sum} "$work"
        (cd "$work" && CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOGC=400 \
            go build -mod=mod -p "${JOBS:-2}" -trimpath -tags "${tags#-}" -o "$BUILT/$name.new" \
            -ldflags "-s -w $(version_flags "$version")" "$package")
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
