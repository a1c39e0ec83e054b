"""Logging through the real standard library and the real structlog, into a list and a text stream."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading

import pytest
import structlog

from foretell.errors import SettingError
from foretell.logs.private import forget_said, say_once
from foretell.logs.setup import setup_logging, teardown_logging

IDS = {
    "trace_id": 0xABC,
    "span_id": 0xDEF,
    "run_id": "00000000000000ff",
    "session_id": "s-1",
    "agent_name": "planner",
    "kind": "tool",
}


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def clean():
    """Whatever a test does, logging is as it was before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    teardown_logging()
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def stream():
    return io.StringIO()


@pytest.fixture
def records():
    return []


@pytest.fixture
def set_up(stream, records):
    def call(level="INFO", **given):
        options = {"stream": stream, "emit": records.append, "current_ids": lambda: IDS, **given}
        setup_logging(level, **options)

    return call


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def hide(text):
    return text.replace("hunter2", "[password]")


def test_a_line_knows_where_it_belongs(set_up, records):
    """Ids of trace, span and run, session and agent."""
    set_up()
    logging.getLogger("shop").info("sold %d", 3)
    (record,) = records

    assert (0xABC, 0xDEF, "00000000000000ff") == (record.trace_id, record.span_id, record.run_id)
    assert {"session.id": "s-1", "gen_ai.agent.name": "planner"} == record.attributes
    assert ("sold 3", "shop", "INFO", 9) == (record.body, record.logger, record.severity_text, record.severity_number)


def test_structlog_takes_the_same_road(set_up, records, stream):
    """Its fields are attributes, bound ones and those of the context too."""
    set_up(current_ids=dict)
    structlog.contextvars.bind_contextvars(tenant="t")
    structlog.get_logger("shop").bind(order=7).warning("sold out", item="tea")
    (record,) = records

    assert ("sold out", {"order": 7, "item": "tea", "tenant": "t"}) == (record.body, record.attributes)
    assert ("shop", 13) == (record.logger, record.severity_number)
    assert {"message": "sold out", "item": "tea", "level": "WARNING"}.items() <= lines(stream)[0].items()


def test_a_structlog_logger_made_before_is_set_up_too(set_up, records):
    """Modules make their loggers when they are imported."""
    logger = structlog.get_logger("early")
    set_up()
    logger.info("now")

    assert ["now"] == [record.body for record in records]


def test_structlog_formats_its_arguments(set_up, records):
    """As the standard library does; a lone percent sign is text."""
    set_up()
    structlog.get_logger("x").info("%s of %s", 1, 2)
    structlog.get_logger("x").info("100% of %s")

    assert ["1 of 2", "100% of %s"] == [record.body for record in records]


def test_extra_fields_are_attributes(set_up, records):
    """What stands beside the message is kept as built-ins."""
    set_up(current_ids=dict)
    logging.getLogger("x").info("hi", extra={"items": ("a", 1), "ratio": float("nan"), "thing": IndexError("no")})

    assert {"items": ["a", 1], "ratio": "nan", "thing": "no"} == records[0].attributes


def test_an_object_that_cannot_be_shown_is_named(set_up, records):
    """A faulty __str__ loses neither the line nor the program."""

    class Broken:
        def __str__(self):
            raise RuntimeError

    set_up(current_ids=dict)
    logging.getLogger("x").info("hi", extra={"thing": Broken()})

    assert records[0].attributes["thing"].endswith("Broken>")


@pytest.mark.parametrize("log", [logging.getLogger("x"), structlog.get_logger("x")])
def test_an_exception_is_three_attributes(set_up, records, log):
    """Type, message and traceback under the names of the conventions."""
    set_up(current_ids=dict)
    try:
        raise KeyError("tea")
    except KeyError:
        log.exception("failed")
    (record,) = records

    assert ("KeyError", "'tea'", "ERROR") == (
        record.attributes["exception.type"],
        record.attributes["exception.message"],
        record.severity_text,
    )
    assert 'raise KeyError("tea")' in record.attributes["exception.stacktrace"]


@pytest.mark.parametrize(
    ("level", "number"), [("DEBUG", 5), ("INFO", 9), ("WARNING", 13), ("ERROR", 17), ("CRITICAL", 21)]
)
def test_severities_are_opentelemetrys(set_up, records, level, number):
    """Each level has its number."""
    set_up("DEBUG")
    logging.getLogger("x").log(getattr(logging, level), "hi")

    assert (level, number) == (records[0].severity_text, records[0].severity_number)


@pytest.mark.parametrize(
    ("logger", "ids", "extra", "source"),
    [
        ("shop", {}, {}, "user_script"),
        ("shop", {"session_id": "s"}, {}, "session"),
        ("shop", {"kind": "agent"}, {}, "agent"),
        ("shop", {"kind": "llm"}, {}, "llm"),
        ("shop", {"kind": "retriever"}, {}, "tool"),
        ("uvicorn.error", {"kind": "agent"}, {}, "server"),
        ("websockets.client", {}, {}, "websocket"),
        ("shop", {"kind": "agent"}, {"source": "sandbox"}, "sandbox"),
        ("shop", {"kind": "agent"}, {"source": "the moon"}, "agent"),
    ],
)
def test_the_source_of_a_line(set_up, records, logger, ids, extra, source):
    """Told outright, known by the logger, or by what is at work."""
    set_up(current_ids=lambda: ids)
    logging.getLogger(logger).info("hi", extra=extra)

    assert source == records[0].source


def test_below_the_level_nothing_is_kept(set_up, records):
    """Of neither library."""
    set_up("WARNING")
    logging.getLogger("x").info("hi")
    structlog.get_logger("x").info("hi")

    assert [] == records


def test_a_lower_level_than_the_programs_own(set_up, records):
    """The root logger lets pass what we asked for."""
    logging.getLogger().setLevel("ERROR")
    set_up("DEBUG")
    logging.getLogger("x").debug("hi")

    assert ["hi"] == [record.body for record in records]


def test_an_unknown_level_is_refused(set_up):
    """And nothing is set up."""
    before = logging.getLogger().handlers[:]
    with pytest.raises(SettingError, match=r"'LOUD'.*DEBUG, INFO"):
        set_up("LOUD")

    assert before == logging.getLogger().handlers


def test_the_console_is_redacted_and_the_sink_is_not(set_up, records, stream):
    """The worker redacts what is kept; what is printed is printed now."""
    set_up(redact=hide)
    logging.getLogger("x").info("login hunter2", extra={"tried": ["hunter2", {"hunter2": 1}]})

    assert "hunter2" not in stream.getvalue()
    assert "login [password]" == lines(stream)[0]["message"]
    assert "login hunter2" == records[0].body


@pytest.mark.parametrize("terminal", [Terminal(), io.StringIO()])
def test_a_traceback_is_redacted_on_the_console(set_up, terminal):
    """Exceptions carry secrets in their messages."""
    set_up(stream=terminal, redact=hide)
    try:
        raise ValueError("hunter2")
    except ValueError:
        structlog.get_logger("x").exception("failed")

    assert "hunter2" not in terminal.getvalue()
    assert "[password]" in terminal.getvalue()


def test_a_rule_sees_the_name_of_a_field(set_up, stream):
    """`password=…` is a secret by its name."""
    set_up(redact=lambda text: text.replace("password=abc", "password=[hidden]"))
    logging.getLogger("x").info("hi", extra={"password": "abc"})

    assert "[hidden]" == lines(stream)[0]["password"]


def test_a_number_can_be_a_secret(set_up, stream):
    """A card number need not be a text."""
    set_up(redact=lambda text: text.replace("4111111111111111", "[card]"))
    logging.getLogger("x").info("hi", extra={"card": 4111111111111111, "count": 3})

    assert ("[card]", 3) == (lines(stream)[0]["card"], lines(stream)[0]["count"])


def test_redaction_that_fails_shows_nothing(set_up, stream, capsys):
    """Better a line lost than a secret shown; the program goes on, and it is said once."""

    def broken(text):
        raise RuntimeError("hunter2")

    set_up(redact=broken)
    logging.getLogger("x").info("hunter2")
    logging.getLogger("x").info("hunter2")

    assert "" == stream.getvalue()
    assert "foretell: a log line could not be kept (RuntimeError).\n" == capsys.readouterr().err


def test_a_sink_that_fails_still_shows_the_line(set_up, stream):
    """And the program goes on."""

    def broken(record):
        raise OSError

    set_up(emit=broken)
    logging.getLogger("x").info("hi")

    assert ["hi"] == [line["message"] for line in lines(stream)]


def test_on_a_terminal_lines_are_for_people(set_up):
    """Level, agent, message, fields and the run's beginning."""
    terminal = Terminal()
    set_up(stream=terminal)
    structlog.get_logger("x").info("sold out", item="green tea")

    for part in ("INFO", "[planner]", "sold out", "item=", '"green tea"', "run=00000000", "\x1b["):
        assert part in terminal.getvalue()


def test_the_form_can_be_asked_for(set_up, stream):
    """JSON on a terminal, or plain lines in a file, without colours."""
    terminal = Terminal()
    set_up(stream=terminal, json=True)
    logging.getLogger("x").info("hi")
    set_up(json=False)
    logging.getLogger("x").info("hi")

    assert "hi" == lines(terminal)[0]["message"]
    assert "INFO" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_json_has_the_ids_as_others_write_them(set_up, stream):
    """Hexadecimal, so that a log search finds the trace."""
    set_up()
    logging.getLogger("x").info("hi")

    assert {
        "trace_id": f"{0xABC:032x}",
        "span_id": f"{0xDEF:016x}",
        "foretell.run.id": "00000000000000ff",
        "foretell.log.source": "tool",
        "session.id": "s-1",
    }.items() <= lines(stream)[0].items()


def test_a_sink_that_logs_does_not_go_round(set_up, records):
    """What is logged while a line is handed on is not handed on again."""

    def log_again(record):
        records.append(record)
        logging.getLogger("x").error("from inside")

    set_up(emit=log_again)
    logging.getLogger("x").info("hi")

    assert ["hi"] == [record.body for record in records]


def test_what_our_own_threads_log_is_not_exported(set_up, records, stream):
    """An HTTP library that logs each request would log each export. On the console only what is wrong is said."""
    set_up()
    for tell in (logging.getLogger("urllib3").info, logging.getLogger("urllib3").warning):
        thread = threading.Thread(target=tell, args=(tell.__name__,), name="foretell-export")
        thread.start()
        thread.join()

    assert [] == records
    assert ["warning"] == [line["message"] for line in lines(stream)]


def test_setting_up_twice_is_once(set_up, records):
    """The second call replaces the first."""
    before = len(logging.getLogger().handlers)
    set_up()
    set_up()
    logging.getLogger("x").info("hi")

    assert (1, before + 1) == (len(records), len(logging.getLogger().handlers))


def test_takedown_leaves_nothing(set_up):
    """Handlers, level, class of loggers and structlog are as they were, also after a second set-up."""
    root = logging.getLogger()
    structlog.configure(processors=[lambda *_: "mine"], cache_logger_on_first_use=False)
    before = (root.handlers[:], root.level, logging.getLoggerClass(), structlog.get_config())
    filters = [handler.filters[:] for handler in root.handlers]
    set_up("DEBUG")
    set_up("DEBUG")
    teardown_logging()
    teardown_logging()

    assert before == (root.handlers, root.level, logging.getLoggerClass(), structlog.get_config())
    assert filters == [handler.filters for handler in root.handlers]


def test_takedown_of_an_unconfigured_structlog(set_up):
    """It is unconfigured again."""
    set_up()
    assert structlog.is_configured()
    teardown_logging()

    assert not structlog.is_configured()


def test_takedown_spares_what_the_program_set_since(set_up):
    """A configuration and a level that came after ours stay."""
    mine = [lambda *_: "mine"]
    set_up("DEBUG")
    structlog.configure(processors=mine)
    logging.getLogger().setLevel("CRITICAL")
    teardown_logging()

    assert mine is structlog.get_config()["processors"]
    assert logging.CRITICAL == logging.getLogger().level


def test_handlers_that_exist_hear_what_they_heard_before(set_up):
    """Our lower level does not make the program's own log file longer."""
    theirs = io.StringIO()
    handler = logging.StreamHandler(theirs)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel("WARNING")
    loud = logging.getLogger("loud")
    loud.setLevel("DEBUG")
    set_up("DEBUG")
    logging.getLogger("x").info("new")
    logging.getLogger("x").error("old")
    loud.debug("own level")
    loud.setLevel(logging.NOTSET)

    assert ["old", "own level"] == theirs.getvalue().splitlines()


def test_other_handlers_see_structlogs_fields(set_up):
    """The message holds them, for whoever knows only messages."""
    theirs = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(theirs))
    set_up()
    structlog.get_logger("x").error("sold out", item="tea")

    assert "sold out item='tea'\n" == theirs.getvalue()


def test_two_consoles_are_one_too_many(records, capsys):
    """Where the program prints its log itself, ours only keeps it."""
    logging.getLogger().addHandler(logging.StreamHandler(sys.stderr))
    setup_logging(emit=records.append)
    logging.getLogger("x").error("hi")

    assert "hi\n" == capsys.readouterr().err
    assert 1 == len(records)


def test_without_a_stream_it_is_standard_error(capsys):
    """As it is at that moment."""
    setup_logging(json=True)
    logging.getLogger("x").error("hi")

    assert "hi" == json.loads(capsys.readouterr().err)["message"]


def test_saying_once(capsys):
    """On standard error, past every handler, and once."""
    assert say_once("disk", "the disk is full.")
    assert not say_once("disk", "the disk is full.")
    forget_said()

    assert "foretell: the disk is full.\n" == capsys.readouterr().err


def test_what_is_said_once_is_not_exported(set_up, records, stream):
    """It may be about exporting."""
    set_up()
    say_once("disk", "the disk is full.")

    assert ([], "") == (records, stream.getvalue())
