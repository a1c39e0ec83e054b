"""The stack's files hold together: no Docker, no server, only what is written in them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from foretell.triggers.catalogue import CATALOGUE
from tests.stack.images import IMAGES, ROOT
from tests.stack.runner import interpolate
from tests.support.native_servers import find_server

DEPLOY = ROOT / "deploy"
SPEC: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = SPEC["services"]
OVERLAYS = {
    path.stem: yaml.safe_load(path.read_text("utf-8"))["services"] for path in (DEPLOY / "compose").glob("*.yml")
}
ALL_SERVICES = [
    (f"{file}: {name}", service)
    for file, services in {"docker-compose": SERVICES, **OVERLAYS}.items()
    for name, service in services.items()
]
ONE_SHOT = {"volumes-owner"}
CASES = {"ids": lambda case: case if isinstance(case, str) else ""}


def load(*path: str) -> Any:
    """One of deploy's YAML files."""
    return yaml.safe_load(DEPLOY.joinpath(*path).read_text("utf-8"))


# -- the compose file -------------------------------------------------------------------------------------------------


def test_every_image_is_pinned_in_one_place() -> None:
    """To a version of three numbers, and no service names another."""
    pinned = set(SPEC["x-images"].values())
    assert [] == [image for image in pinned if not re.search(r":v?\d+\.\d+\.\d+$", image)]
    assert {"foretell-demo:local"} == {service["image"] for service in SERVICES.values()} - pinned


def test_overlays_pin_their_images_too() -> None:
    images = [service["image"] for services in OVERLAYS.values() for service in services.values() if "image" in service]
    assert [] == [image for image in images if not re.search(r":v?\d+\.\d+\.\d+$", image)]


@pytest.mark.parametrize(
    ("server", "image"),
    [("otelcol", "otel-collector"), ("prometheus", "prometheus"), ("alertmanager", "alertmanager"), ("loki", "loki"),
     ("jaeger", "jaeger")],
)  # fmt: skip
def test_images_have_the_versions_that_build_natively(server: str, image: str) -> None:
    """What is proven here is what runs there."""
    recipes = (ROOT / "tools" / "servers.sh").read_text("utf-8")
    built = re.search(rf'^ +{server}\) echo ".* ([\d.]+)" ;;$', recipes, re.MULTILINE)
    assert built is not None
    assert built[1] == SPEC["x-images"][image].rpartition(":")[2].removeprefix("v")


@pytest.mark.parametrize(("name", "service"), ALL_SERVICES, **CASES)
def test_ports_are_published_to_this_machine_alone(name: str, service: dict[str, Any]) -> None:
    assert [] == [port for port in service.get("ports", ()) if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)]
    assert service.get("network_mode") in (None, "none")


def test_the_ports_are_those_of_the_design() -> None:
    ports = {int(port.split(":")[1]): name for name, service in SERVICES.items() for port in service.get("ports", ())}
    expected = {
        4317: "otel-collector", 4318: "otel-collector", 9411: "otel-collector", 10201: "grafana", 10202: "loki",
        10203: "alertmanager", 9090: "prometheus", 16686: "jaeger", 3200: "tempo",
    }  # fmt: skip
    assert expected == ports


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_says_how_it_is_and_how_much_it_may_take(name: str) -> None:
    """The collector, whose image has nothing that could ask, is asked by a service beside it."""
    service = SERVICES[name]
    assert service.get("mem_limit")
    if name not in ONE_SHOT:
        assert "unless-stopped" == service["restart"]
        asker = SERVICES.get(f"{name}-health", service)
        assert {"test", "interval", "timeout", "retries", "start_period"} <= set(asker["healthcheck"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_go_gives_memory_back_before_its_container_is_full(name: str) -> None:
    """Four fifths of the limit."""
    limit = SERVICES[name].get("environment", {}).get("GOMEMLIMIT")
    if limit:
        size = {"m": 1, "g": 1024}[SERVICES[name]["mem_limit"][-1]] * int(SERVICES[name]["mem_limit"][:-1])
        assert 0.75 * size < int(limit.removesuffix("MiB")) < 0.85 * size


@pytest.mark.parametrize(("name", "service"), ALL_SERVICES, **CASES)
def test_every_file_that_is_mounted_exists(name: str, service: dict[str, Any]) -> None:
    sources = [mount.split(":")[0] for mount in service.get("volumes", ())]
    assert [] == [source for source in sources if source.startswith(".") and not (ROOT / source).exists()]
    assert [] == [source for source in sources if source[0] != "." and source not in SPEC["volumes"]]


@pytest.mark.parametrize(("name", "service"), ALL_SERVICES, **CASES)
def test_every_file_that_a_command_names_is_mounted(name: str, service: dict[str, Any]) -> None:
    words = [*service.get("entrypoint", ()), *service.get("command", ())]
    named = [match[0] for word in words if (match := re.search(r"/(?:etc|deploy)/[\w./-]+\.\w+", word))]
    mounts = {**SERVICES.get(name.partition(": ")[2], {}), **service}.get("volumes", ())
    places = {target: source for source, target, *_ in (mount.split(":") for mount in mounts)}
    for path in named:
        target = next(target for target in places if path == target or path.startswith(f"{target}/"))
        assert (ROOT / (places[target] + path.removeprefix(target))).is_file(), path


def test_files_are_mounted_so_that_nobody_writes_them() -> None:
    mounts = [mount for _, service in ALL_SERVICES for mount in service.get("volumes", ()) if mount.startswith(".")]
    assert [] == [mount for mount in mounts if not mount.endswith(":ro")]


def test_volumes_get_the_users_that_write_them() -> None:
    """A fresh volume is root's, but where the image has a folder of its user in that place."""
    given = set(SERVICES["volumes-owner"]["command"][3:])
    for service in SERVICES.values():
        image = IMAGES.get(service["image"].rpartition(":")[0])
        targets = {mount.split(":")[1] for mount in service.get("volumes", ()) if not mount.startswith(".")}
        if image and not targets <= set(image.owned):
            assert targets <= given
            assert {"condition": "service_completed_successfully"} == service["depends_on"]["volumes-owner"]


def test_without_a_password_grafana_does_not_start_and_says_what_to_type() -> None:
    password = SERVICES["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD"]
    with pytest.raises(
        LookupError, match=r"GRAFANA_PASSWORD is not set\. Run `foretell up`, .* or write .* into \.env"
    ):
        interpolate(password, {})
    assert "given" == interpolate(password, {"GRAFANA_PASSWORD": "given"})


def test_nobody_gets_in_without_a_name() -> None:
    environment = SERVICES["grafana"]["environment"]
    assert ("false", "false") == (environment["GF_AUTH_ANONYMOUS_ENABLED"], environment["GF_USERS_ALLOW_SIGN_UP"])


def test_git_does_not_take_the_password() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("overlay", ["", *sorted(OVERLAYS)])
def test_compose_s_own_parser_takes_it(overlay: str) -> None:
    parser = find_server("compose")
    if parser is None:
        pytest.skip("compose's parser is not built. Type: tools/servers.sh compose (it needs Go)")
    files = ["docker-compose.yml", *([f"deploy/compose/{overlay}.yml"] if overlay else [])]
    done = subprocess.run([parser, "-no-interpolation", *files], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


# -- the services' own files ------------------------------------------------------------------------------------------


def test_the_memory_limiter_comes_first() -> None:
    """Also where an overlay changes a pipeline; what the collector passes on to itself has met it already."""
    for name in ("config", "sampling", "beside"):
        for pipeline in load("otel-collector", f"{name}.yaml")["service"]["pipelines"].values():
            if set(pipeline.get("receivers", ())) & {"otlp", "zipkin"}:
                assert "memory_limiter" == pipeline["processors"][0]


def test_spans_are_counted_before_any_sampling() -> None:
    pipelines = load("otel-collector", "config.yaml")["service"]["pipelines"]
    assert ["span_metrics", "forward/kept"] == pipelines["traces/in"]["exporters"]
    sampled = load("otel-collector", "sampling.yaml")["service"]["pipelines"]
    assert {"traces/kept": {"processors": ["tail_sampling"]}} == sampled


@pytest.mark.parametrize("file", ["config", "beside"])
def test_every_exporter_keeps_what_it_cannot_send(file: str) -> None:
    """On disk, and for as long as it takes."""
    exporters = load("otel-collector", "config.yaml")["exporters"]
    for name, changed in load("otel-collector", f"{file}.yaml")["exporters"].items():
        exporter = {**exporters.get(name, {}), **changed}
        assert "file_storage" == exporter["sending_queue"]["storage"], name
        assert "0s" == exporter["retry_on_failure"]["max_elapsed_time"], name


def test_traces_and_logs_are_redacted_before_anything_keeps_them() -> None:
    pipelines = load("otel-collector", "config.yaml")["service"]["pipelines"]
    lines = ["redaction/fields", "redaction/secrets"]
    assert lines == pipelines["logs"]["processors"][-2:]
    assert ["transform/lent", *lines, "transform/returned", "transform/bounded"] == pipelines["traces/in"][
        "processors"
    ][-5:]


def test_retention_is_as_promised() -> None:
    tempo, loki = load("tempo", "tempo.yaml"), load("loki", "loki.yaml")
    jaeger, prometheus = load("jaeger", "config.yaml"), load("prometheus", "prometheus.yml")
    assert "720h" == tempo["backend_worker"]["compaction"]["block_retention"]
    assert "720h" == tempo["backend_scheduler"]["provider"]["compaction"]["compaction"]["block_retention"]
    assert "720h" == loki["limits_config"]["retention_period"]
    assert loki["compactor"]["retention_enabled"]
    assert {"spans": "360h"} == jaeger["extensions"]["jaeger_storage"]["backends"]["disk"]["badger"]["ttl"]
    assert "15d" == prometheus["storage"]["tsdb"]["retention"]["time"]


def test_prometheus_looks_at_all_of_our_rules() -> None:
    patterns = load("prometheus", "prometheus.yml")["rule_files"]
    names = {path.relative_to(DEPLOY) for path in (DEPLOY / "prometheus").rglob("*.yml")} - {
        Path("prometheus/prometheus.yml")
    }
    looked_at = {path for pattern in patterns for path in DEPLOY.glob(pattern.removeprefix("/etc/"))}
    assert names == {path.relative_to(DEPLOY) for path in looked_at}


def test_alerts_about_the_stack_name_a_trigger_with_a_runbook() -> None:
    known = {trigger.id for trigger in CATALOGUE}
    for group in load("prometheus", "stack.yml")["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["trigger"] in known
            assert rule["labels"]["severity"] in {"critical", "warning", "info"}
            assert rule["annotations"]["runbook_url"].endswith(f"/d/runbook-{rule['labels']['trigger']}")


@pytest.mark.slow
def test_promtool_takes_the_whole_configuration(tmp_path: Path) -> None:
    promtool = find_server("promtool")
    if promtool is None:
        pytest.skip("there is no promtool: `make tools` builds one (it needs Go)")
    shutil.copytree(DEPLOY / "prometheus", tmp_path / "prometheus")
    config = tmp_path / "prometheus" / "prometheus.yml"
    config.write_text(config.read_text("utf-8").replace("/etc/prometheus", str(config.parent)), "utf-8")
    done = subprocess.run(
        [promtool, "check", "config", "--lint=all", "--lint-fatal", config], capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert 4 == done.stdout.count("rules found")


@pytest.mark.slow
def test_the_stack_s_own_alerts_fire_and_clear(tmp_path: Path) -> None:
    """Promtool plays the cases of stack_rules.yml."""
    promtool = find_server("promtool")
    if promtool is None:
        pytest.skip("there is no promtool: `make tools` builds one (it needs Go)")
    for file in (DEPLOY / "prometheus" / "stack.yml", ROOT / "tests" / "stack" / "files" / "stack_rules.yml"):
        shutil.copy(file, tmp_path)
    done = subprocess.run(
        [promtool, "test", "rules", tmp_path / "stack_rules.yml"], capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr


# -- Grafana ----------------------------------------------------------------------------------------------------------


def test_grafana_s_sources_are_the_stack_s_services() -> None:
    sources = load("grafana", "provisioning", "datasources", "foretell.yaml")["datasources"]
    hosts = {re.sub(r"http://([\w-]+):\d+", r"\1", source["url"]) for source in sources}
    assert {"prometheus", "tempo", "loki", "jaeger", "alertmanager"} == hosts
    assert all(source["uid"] == f"foretell-{source['type']}" for source in sources)


def test_grafana_s_links_lead_to_sources_that_exist() -> None:
    """Trace → logs → metrics → trace; a link is by uid, and none leads nowhere."""
    text = (DEPLOY / "grafana/provisioning/datasources/foretell.yaml").read_text("utf-8")
    uids = set(re.findall(r"^    uid: (\S+)", text, re.MULTILINE))
    linked = set(re.findall(r"(?:datasourceUid|alertmanagerUid): (\S+)", text))
    assert {"foretell-tempo", "foretell-loki", "foretell-prometheus", "foretell-alertmanager"} == linked
    assert linked <= uids


def test_grafana_s_own_variables_survive_provisioning() -> None:
    """A single `$` would be taken for an environment variable."""
    text = (DEPLOY / "grafana/provisioning/datasources/foretell.yaml").read_text("utf-8")
    values = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert [] == re.findall(r"(?<!\$)\$(?!\$)[^\n]*", values)
