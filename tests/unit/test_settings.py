"""Settings: who wins, what is refused, how values are read, and where each came from."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from foretell.autostart.begin import ON_PATH
from foretell.errors import SettingError
from foretell.settings import SETTINGS, Settings, Source, find_setting, list_handed_down, load_settings


def load(directory: Path, *, environ: dict[str, str] | None = None, **arguments: Any) -> Settings:
    """Load with nothing but what a test names."""
    return load_settings(arguments, environ or {}, directory)


def refusal(directory: Path, *, environ: dict[str, str] | None = None, **arguments: Any) -> str:
    """What a refused setting is told."""
    with pytest.raises(SettingError) as caught:
        load(directory, environ=environ, **arguments)
    return str(caught.value)


def test_defaults_keep_content_at_home(tmp_path: Path) -> None:
    """Without a word, nothing is sent and content stays in the local store."""
    settings = load(tmp_path)

    assert ("local", None, tmp_path / ".foretell") == (settings.content, settings.otlp_endpoint, settings.store)


def test_the_brief_fixes_these_numbers(tmp_path: Path) -> None:
    """16 KiB inline, 10 MiB a blob, 30 days, 1 GB, nothing too short."""
    settings = load(tmp_path)

    assert (16384, 10485760, 30, 1_000_000_000, 0) == (
        settings.payload_inline_bytes,
        settings.payload_blob_bytes,
        settings.retention_days,
        settings.retention_bytes,
        settings.min_duration_ms,
    )


def test_arguments_win_over_environment_over_file_over_default(tmp_path: Path) -> None:
    """The order of names.md, one setting for each place."""
    (tmp_path / "foretell.toml").write_text('log_level = "info"\nlog_format = "json"\ncontent = "none"\n')
    environ = {"FORETELL_LOG_FORMAT": "console", "FORETELL_CONTENT": "local"}
    settings = load(tmp_path, environ=environ, content="export")

    assert ("export", "console", "info", True) == (
        settings.content,
        settings.log_format,
        settings.log_level,
        settings.redaction,
    )
    assert [Source.ARGUMENT, Source.ENVIRONMENT, Source.FILE, Source.DEFAULT] == [
        settings.origin_of(name).source for name in ("content", "log_format", "log_level", "redaction")
    ]


def test_an_origin_names_the_variable(tmp_path: Path) -> None:
    """The doctor says which of several variables was used."""
    settings = load(tmp_path, environ={"OTEL_SERVICE_NAME": "shop"})

    assert "environment OTEL_SERVICE_NAME" == str(settings.origin_of("service_name"))


def test_an_argument_that_is_none_was_not_given(tmp_path: Path) -> None:
    """`init(store=None)` is no setting."""
    assert "none" == load(tmp_path, environ={"FORETELL_CONTENT": "none"}, content=None).content


def test_an_empty_variable_is_unset(tmp_path: Path) -> None:
    """As OpenTelemetry has it."""
    assert 128 == load(tmp_path, environ={"OTEL_SPAN_EVENT_COUNT_LIMIT": " "}).span_event_limit


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=a"}, "a"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=a", "OTEL_SERVICE_NAME": "b"}, "b"),
        ({"OTEL_SERVICE_NAME": "b", "FORETELL_SERVICE_NAME": "c"}, "c"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "host.name=a"}, "unknown_service:python"),
    ],
)
def test_the_service_has_the_most_particular_name(tmp_path: Path, environ: dict[str, str], expected: str) -> None:
    """Our own variable, then OpenTelemetry's, then the resource's attribute."""
    assert expected == load(tmp_path, environ=environ).service_name


def test_the_file_is_found_upwards(tmp_path: Path) -> None:
    """A script in a sub-directory has its project's settings."""
    (tmp_path / "pyproject.toml").write_text('[tool.foretell]\nservice_name = "shop"\n')
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)

    assert "shop" == load(inner).service_name


def test_our_own_file_wins_over_pyproject_beside_it(tmp_path: Path) -> None:
    """One file speaks for us."""
    (tmp_path / "pyproject.toml").write_text('[tool.foretell]\nservice_name = "shared"\n')
    (tmp_path / "foretell.toml").write_text('service_name = "own"\n')

    assert "own" == load(tmp_path).service_name


def test_another_tools_mistake_is_not_ours(tmp_path: Path) -> None:
    """A pyproject.toml that does not speak of us is not read further."""
    (tmp_path / "pyproject.toml").write_text("[tool.other\n")

    assert "local" == load(tmp_path).content


def test_tables_in_a_file_group_settings(tmp_path: Path) -> None:
    """`[otlp] endpoint` is otlp_endpoint, while `[actions]` is a value."""
    (tmp_path / "foretell.toml").write_text(
        '[otlp]\nendpoint = "http://c:4318"\n[actions]\nagent_loop = "halt"\n[metrics]\non = false\n'
    )
    settings = load(tmp_path)

    assert ("http://c:4318", {"agent_loop": "halt"}, False) == (
        settings.otlp_endpoint,
        dict(settings.actions),
        settings.metrics_on,
    )


def test_a_path_starts_where_it_was_written(tmp_path: Path) -> None:
    """In a file: beside the file; elsewhere: where the program runs."""
    (tmp_path / "foretell.toml").write_text('store = "runs"\n')
    inner = tmp_path / "inner"
    inner.mkdir()

    assert tmp_path / "runs" == load(inner).store
    assert inner / "mine" == load(inner, store="mine").store
    assert Path("/far") == load(inner, store=Path("/far")).store


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("FORETELL_ISOLATED", "on", True),
        ("FORETELL_ISOLATED", "0", False),
        ("OTEL_SDK_DISABLED", "TRUE", True),
        ("FORETELL_RETENTION_BYTES", "1.5GB", 1_500_000_000),
        ("FORETELL_RETENTION_BYTES", "2 GiB", 2 * 2**30),
        ("FORETELL_PAYLOAD_INLINE_BYTES", "4096", 4096),
        ("FORETELL_RETENTION_DAYS", "36h", 1.5),
        ("FORETELL_RETENTION_DAYS", "7", 7),
        ("FORETELL_MIN_DURATION_MS", "2s", 2000),
        ("FORETELL_FLUSH_TIMEOUT_S", "250ms", 0.25),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1000", 1000),
        ("FORETELL_INTEGRATIONS", "openai, langchain,", ("openai", "langchain")),
        (
            "FORETELL_ACTIONS",
            "agent_loop=halt, cost_run_limit=pause",
            {"agent_loop": "halt", "cost_run_limit": "pause"},
        ),
        ("FORETELL_REDACTION_PATTERNS", '{"staff": "S-[0-9]{3,5}"}', {"staff": "S-[0-9]{3,5}"}),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20eA%3D%3D", {"authorization": "Basic eA=="}),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic eA==", {"authorization": "Basic eA=="}),
        ("FORETELL_BUDGET_DAY_USD", "10", 10.0),
        ("FORETELL_CONTENT", "EXPORT", "export"),
        ("OTEL_LOG_LEVEL", "WARN", "warning"),
        ("FORETELL_LOG_LEVEL", "debug", "debug"),
        ("OTEL_PROPAGATORS", "b3,baggage", ("b3", "baggage")),
    ],
)
def test_text_is_read_as_the_type_of_its_setting(tmp_path: Path, variable: str, text: str, expected: object) -> None:
    """Truths, numbers, sizes, durations, words and pairs."""
    settings = load(tmp_path, environ={variable: text})
    (row,) = (row for row in SETTINGS if variable in row.env)

    assert expected == getattr(settings, row.name)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("integrations", ["openai"], ("openai",)),
        ("integrations", "auto", ("auto",)),
        ("actions", {"agent_loop": "halt"}, {"agent_loop": "halt"}),
        ("retention_bytes", 5, 5),
        ("isolated", True, True),
        ("flush_timeout_s", 1, 1.0),
    ],
)
def test_python_values_are_taken_as_they_are(tmp_path: Path, name: str, value: Any, expected: object) -> None:
    """Arguments need no text."""
    assert expected == getattr(load(tmp_path, **{name: value}), name)


COMPOSE = Path(__file__).parents[2]


def test_variables_of_the_stack_are_not_taken_for_misspelt_settings(tmp_path: Path) -> None:
    """Who has set them in a shell for `foretell up` may record there too."""
    files = [COMPOSE / "docker-compose.yml", *(COMPOSE / "deploy" / "compose").glob("*.yml")]
    names = {name for file in files for name in re.findall(r"\$\{(FORETELL_[A-Z_]+)", file.read_text("utf-8"))}
    assert {"FORETELL_ALERT_WEBHOOK_URL", "FORETELL_JAEGER_URL"} < names

    assert load(tmp_path) == load(tmp_path, environ=dict.fromkeys([*names, "FORETELL_SERVERS"], "anything"))


@pytest.mark.parametrize(
    ("environ", "arguments", "expected"),
    [
        ({}, {"contnt": "none"}, "There is no setting 'contnt'. Did you mean 'content'?"),
        (
            {"FORETELL_CONTNT": "none"},
            {},
            "There is no setting for the variable FORETELL_CONTNT. Did you mean 'FORETELL_CONTENT'?",
        ),
        (
            {"FORETELL_CONTENT": "exprt"},
            {},
            "The variable FORETELL_CONTENT is 'exprt', but must be one of none, local, export. Did you mean 'export'?",
        ),
        (
            {},
            {"actions": {"agent_loop": "explode"}},
            (
                "The argument 'actions' is {'agent_loop': 'explode'}, but must be pairs name=word with one of "
                "log, pause, halt, off."
            ),
        ),
        ({"OTEL_SDK_DISABLED": "1"}, {}, "The variable OTEL_SDK_DISABLED is '1', but must be true or false."),
        ({}, {"zzz": 1}, "There is no setting 'zzz'."),
    ],
)
def test_a_refusal_is_one_sentence_with_the_nearest_name(
    tmp_path: Path, environ: dict[str, str], arguments: dict[str, Any], expected: str
) -> None:
    """What was given, what is wrong, what to type."""
    assert expected == refusal(tmp_path, environ=environ, **arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retention_bytes", "1 XB"),
        ("retention_bytes", -1),
        ("retention_bytes", True),
        ("queue_max_items", 1.5),
        ("queue_max_items", "many"),
        ("flush_timeout_s", "nan"),
        ("flush_timeout_s", "5 years"),
        ("flush_timeout_s", -1),
        ("isolated", "maybe"),
        ("isolated", 2),
        ("service_name", 7),
        ("integrations", 7),
        ("actions", "agent_loop"),
        ("redaction_patterns", "{not json"),
        ("store", 5),
        ("log_level", "loud"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(tmp_path: Path, name: str, value: Any) -> None:
    """Nothing is guessed."""
    assert refusal(tmp_path, **{name: value}).startswith(f"The argument {name!r} is {value!r}, but must be ")


def test_an_unknown_name_in_a_file_is_refused_with_the_file(tmp_path: Path) -> None:
    """The file is named, since it may stand far up."""
    path = tmp_path / "foretell.toml"
    path.write_text("[otlp]\nendpont = 'x'\n")

    assert f"There is no setting 'otlp_endpont', which stands in {path}. Did you mean 'otlp_endpoint'?" == refusal(
        tmp_path
    )


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    """The line is named by the parser."""
    path = tmp_path / "foretell.toml"
    path.write_text("content = \n")

    assert refusal(tmp_path).startswith(f"{path} is not valid TOML: ")


def test_a_secret_is_neither_shown_nor_quoted(tmp_path: Path) -> None:
    """Headers hold keys."""
    settings = load(tmp_path, environ={"OTEL_EXPORTER_OTLP_HEADERS": "authorization=hunter2"})

    assert "(1 hidden)" == settings.show("otlp_headers")
    assert "hunter2" not in refusal(tmp_path, environ={"OTEL_EXPORTER_OTLP_HEADERS": "hunter2"})


@pytest.mark.parametrize(
    ("name", "expected"),
    [("redaction", "true"), ("integrations", "auto"), ("price_file", ""), ("retention_bytes", "1000000000")],
)
def test_values_are_shown_as_one_would_type_them(tmp_path: Path, name: str, expected: str) -> None:
    """The doctor's column."""
    assert expected == load(tmp_path).show(name)


def test_variables_of_other_tables_are_kept_for_them(tmp_path: Path) -> None:
    """The limits of triggers come from their catalogue; file and environment reach it alike."""
    (tmp_path / "foretell.toml").write_text("[trigger.agent_loop]\nrepeats = 5\n[trigger.stall]\nhold_s = 9\n")
    settings = load(tmp_path, environ={"FORETELL_TRIGGER_STALL_HOLD_S": "60"})

    assert {"FORETELL_TRIGGER_AGENT_LOOP_REPEATS": "5", "FORETELL_TRIGGER_STALL_HOLD_S": "60"} == dict(settings.extras)
    assert Source.ENVIRONMENT == settings.origin_of("FORETELL_TRIGGER_STALL_HOLD_S").source


def test_every_otel_variable_is_passed_on(tmp_path: Path) -> None:
    """Also those that we have no setting for."""
    environ = {"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "3", "PATH": "/bin"}

    assert {"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "3"} == dict(load(tmp_path, environ=environ).otel)


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.name)
def test_each_setting_has_a_default_of_its_own_type(row: Any) -> None:
    """A default that could not be typed would be a hidden value."""
    assert row.default is None or row.default == row.type.read(row.default)


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.name)
def test_each_setting_says_what_it_does(row: Any) -> None:
    """One sentence each, and a variable of ours first."""
    assert row.help.endswith(".")
    assert f"FORETELL_{row.name.upper()}" == row.env[0]


def test_no_two_settings_share_a_variable() -> None:
    """Except where OpenTelemetry has one for several."""
    variables = [name for row in SETTINGS for name in row.env]

    assert len(set(variables)) == len(variables)


def test_an_unknown_row_is_refused_with_the_nearest() -> None:
    """As everywhere."""
    with pytest.raises(SettingError, match="Did you mean 'store'"):
        find_setting("stor")


def test_no_secret_is_handed_down_to_a_process_that_is_given_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has it recorded is, where children are recorded at all."""
    given = {"FORETELL_CONTENT": "none", "OTEL_SERVICE_NAME": "x", "SHELL_KEY": "k"}
    secret = {
        "OTEL_EXPORTER_OTLP_HEADERS": "a=b",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "a=b",
        "FORETELL_OTLP_HEADERS": "a=b",
    }
    for name, value in {**given, **secret}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    before = list_handed_down()
    monkeypatch.setenv("PYTHONPATH", f"{ON_PATH}{os.pathsep}elsewhere")
    found = list_handed_down()

    assert {} == before
    assert {"FORETELL_CONTENT": "none", "OTEL_SERVICE_NAME": "x", "PYTHONPATH": str(ON_PATH)}.items() <= found.items()
    assert set() == found.keys() & {*secret, "SHELL_KEY"}
