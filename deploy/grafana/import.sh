#!/bin/sh
# Puts every dashboard and runbook into the Grafana at FORETELL_GRAFANA_URL; without one there is nothing to do.
set -eu

if [ -z "${FORETELL_GRAFANA_URL:-}" ]; then
    echo "No dashboards are imported: FORETELL_GRAFANA_URL is not set."
    exit 0
fi
for file in /deploy/dashboards/*.json /deploy/runbooks/*.json; do
    [ -e "$file" ] || { echo "There are no dashboards to import." && exit 0; }
    printf '{"overwrite": true, "dashboard": %s}' "$(cat "$file")" |
        curl --fail-with-body --silent --show-error --request POST "$FORETELL_GRAFANA_URL/api/dashboards/db" \
            --header "Authorization: Bearer ${FORETELL_GRAFANA_TOKEN:-}" --header "Content-Type: application/json" \
            --data-binary @-
    echo " $file"
done
