"""Grafana's dashboards, as Python: `make generate` writes them to `dashboards/json`, from where they are provisioned."""
