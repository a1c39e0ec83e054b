#!/bin/sh
# Renders Alertmanager's configuration from the environment, then starts it with the arguments that follow.
set -eu

here=/etc/alertmanager
: "${FORETELL_JAEGER_URL:=http://127.0.0.1:16686}"
: "${FORETELL_ALERT_EMAIL_FROM:=foretell@localhost}"
export FORETELL_JAEGER_URL FORETELL_ALERT_EMAIL_FROM

if [ -n "${FORETELL_ALERT_EMAIL_TO:-}" ] && [ -z "${FORETELL_ALERT_SMTP_HOST:-}" ]; then
    echo "FORETELL_ALERT_EMAIL_TO is set, but no server to send by. Set FORETELL_ALERT_SMTP_HOST=host:port in .env." >&2
    exit 1
fi

umask 077
for file in alertmanager.yml templates/foretell.tmpl; do
    awk -f "$here/render.awk" "$here/$file" >"/run/alertmanager/$(basename "$file")"
done
# `foretell up` asks first whether it is sound.
if [ "${1:-}" = check ]; then
    exec amtool check-config /run/alertmanager/alertmanager.yml
fi
exec alertmanager --config.file="/run/alertmanager/alertmanager.yml" "$@"
