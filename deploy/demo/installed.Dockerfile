# The demo fleet of a release, where `foretell up --profile demo` was typed without a checkout.
FROM python:3.11.13-slim-bookworm

ARG FORETELL_VERSION
RUN pip install --no-cache-dir "foretell[demo]==${FORETELL_VERSION}" \
    && useradd --create-home --home-dir /var/lib/demo --uid 10001 demo

USER demo
WORKDIR /var/lib/demo
CMD ["sh", "-c", "while true; do foretell demo || true; sleep 30; done"]
