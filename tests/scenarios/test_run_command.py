"""`foretell run PROGRAM` behaves as `python PROGRAM` does, and records it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile

import pytest

PROBE = """
import json, sys
import __main__
print(json.dumps({
    "name": __name__, "file": globals().get("__file__"), "package": __package__, "argv": sys.argv, "first": sys.path[0],
    "spec": getattr(__spec__, "name", None), "is_main": __main__.__dict__ is globals(),
    "annotations": sorted(k for k in globals() if k.startswith("__")),
}))
"""
AGENT = """
import foretell

@foretell.instrument_agent
def agent():
    with foretell.llm("gpt-4o-mini", provider="openai") as op:
        op.record_usage(input_tokens=100, output_tokens=10)
"""


def start(directory, *arguments):
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("FORETELL_", "OTEL_"))}
    return subprocess.run(
        [sys.executable, *arguments], cwd=directory, env=clean, capture_output=True, text=True, timeout=60, check=False
    )


def python(directory, *arguments):
    return start(directory, *arguments)


def foretell(directory, *arguments):
    return start(directory, "-m", "foretell.cli", "run", *arguments)


@pytest.fixture
def programs(tmp_path):
    """A directory with the probe as a script, in a folder, in a package and in an archive."""
    (tmp_path / "probe.py").write_text(PROBE)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "probe.py").write_text(PROBE)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "pack" / "__main__.py").write_text(PROBE)
    (tmp_path / "pack" / "part.py").write_text(PROBE)
    with zipfile.ZipFile(tmp_path / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", PROBE)
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ("probe.py", "a", "--flag", "-m", "--", "b c"),
        ("sub/probe.py", "--help"),
        ("pack",),
        ("-m", "pack", "--store", "x"),
        ("-m", "pack.part", "-x"),
        ("app.pyz", "1"),
    ],
)
def test_a_program_sees_what_it_would_see_under_python(programs, arguments):
    plain, recorded = (json.loads(run(programs, *arguments).stdout) for run in (python, foretell))

    assert plain == recorded


@pytest.mark.parametrize(
    "ending",
    ["import sys; sys.exit(7)", "import sys; sys.exit('a reason')", "raise SystemExit", "import os; os._exit(5)"],
)
def test_a_program_ends_with_its_own_exit_code(tmp_path, ending):
    (tmp_path / "end.py").write_text(ending)

    assert python(tmp_path, "end.py").returncode == foretell(tmp_path, "end.py").returncode


@pytest.mark.parametrize(
    "trouble",
    [
        "def f():\n    raise ValueError('no luck')\n\nf()",
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise KeyError('k') from error",
        "import json\njson.loads('nope')",
        "def broken(:\n    pass",
        "import sys\nsys.excepthook = lambda kind, error, trace: print('mine', kind.__name__, trace.tb_lineno)\nraise OSError",
    ],
)
def test_a_traceback_is_the_programs_own(tmp_path, trouble):
    (tmp_path / "trouble.py").write_text(trouble)
    plain, recorded = python(tmp_path, "trouble.py"), foretell(tmp_path, "-q", "trouble.py")

    assert (plain.returncode, plain.stdout, plain.stderr) == (recorded.returncode, recorded.stdout, recorded.stderr)


@pytest.mark.skipif(os.name != "posix", reason="signals end processes elsewhere in other ways")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_the_program_as_it_would_under_python(tmp_path, number):
    (tmp_path / "end.py").write_text(f"import os, time\nos.kill(os.getpid(), {int(number)})\ntime.sleep(20)")

    assert -number == python(tmp_path, "end.py").returncode
    assert -number == foretell(tmp_path, "end.py").returncode


def test_afterwards_one_line_says_what_was_recorded(tmp_path):
    (tmp_path / "agent.py").write_text(f"{AGENT}\nagent()\nprint('done')")
    done = foretell(tmp_path, "agent.py")

    assert (0, "done\n") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    for word in ("foretell: run ", " · ok · 2 calls · cost $0.000021 · see it: foretell show "):
        assert word in done.stderr


def test_what_threads_and_exit_handlers_record_is_counted_too(tmp_path):
    late = "import atexit, threading, time\natexit.register(agent)\n"
    late += "threading.Thread(target=lambda: (time.sleep(0.2), agent())).start()"
    (tmp_path / "late.py").write_text(f"{AGENT}\n{late}")

    assert "foretell: 2 runs · 4 calls" in foretell(tmp_path, "late.py").stderr


def test_what_was_recorded_can_be_had_as_json(tmp_path):
    (tmp_path / "agent.py").write_text(f"{AGENT}\nagent()")
    shape = json.loads(foretell(tmp_path, "--json", "agent.py").stderr)

    assert "foretell.recorded/1" == shape["schema"]
    assert [("agent", "agent", 2)] == [(run["name"], run["service"], run["calls"]) for run in shape["runs"]]


def test_a_failing_program_says_what_was_recorded_after_its_traceback(tmp_path):
    (tmp_path / "agent.py").write_text(f"{AGENT}\nagent()\nraise ValueError('after')")
    done = foretell(tmp_path, "agent.py")

    assert 1 == done.returncode
    assert ["ValueError: after", True] == [
        done.stderr.splitlines()[-2],
        done.stderr.splitlines()[-1].startswith("foretell: run "),
    ]


def test_a_program_that_records_nothing_is_told_how_to(tmp_path):
    (tmp_path / "plain.py").write_text("print('hello')")

    assert "@foretell.instrument_agent" in foretell(tmp_path, "plain.py").stderr
    assert "" == foretell(tmp_path, "-q", "plain.py").stderr


def test_processes_that_the_program_spawns_find_its_main_module(tmp_path):
    (tmp_path / "pool.py").write_text(
        "import multiprocessing\n\ndef double(x):\n    return 2 * x\n\nif __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n        print(pool.map(double, [1, 2]))\n"
    )

    assert "[2, 4]\n" == foretell(tmp_path, "-q", "pool.py").stdout


FOREIGN_AGENT = """
import foretell.instrument.blocks  # as a framework that is told of would be imported
from opentelemetry import trace

def work(name):
    with trace.get_tracer("some.framework").start_as_current_span(
        "x", attributes={"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
    ):
        pass
"""


def list_runs(directory):
    listed = start(directory, "-m", "foretell.cli", "runs", "--json")
    return sorted((run["name"], run["service"]) for run in json.loads(listed.stdout)["runs"])


def test_processes_that_the_program_starts_are_recorded_too(tmp_path):
    """Workers that are spawned, and Pythons of its own: servers that reload and notebooks' kernels are those."""
    (tmp_path / "theirs.py").write_text(FOREIGN_AGENT)
    (tmp_path / "starts.py").write_text(
        "import multiprocessing, subprocess, sys\nfrom theirs import work\n\nif __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n        pool.map(work, ['spawned'])\n"
        "        pool.close()\n        pool.join()\n"
        "    subprocess.run([sys.executable, '-c', 'from theirs import work; work(\"started\")'], check=True)\n"
    )
    done = foretell(tmp_path, "starts.py")

    assert "foretell: 2 runs" in done.stderr, done.stderr
    assert [("spawned", "starts"), ("started", "starts")] == list_runs(tmp_path)


def test_a_started_process_finds_its_own_sitecustomize(tmp_path):
    """What an environment does at the start of each Python is still done."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("import builtins\nbuiltins.prepared = 'yes'\n")
    (tmp_path / "starts.py").write_text(
        f"import os, subprocess, sys\nos.environ['PYTHONPATH'] += os.pathsep + {str(site)!r}\n"
        "subprocess.run([sys.executable, '-c', 'print(prepared)'], check=True)\n"
    )

    assert "yes\n" == foretell(tmp_path, "-q", "starts.py").stdout


def test_a_command_of_a_package_is_run_by_its_name(tmp_path):
    """`foretell run pytest …` is what one would type after `foretell run`."""
    (tmp_path / "test_it.py").write_text(f"{AGENT}\ndef test_it():\n    agent()\n")
    done = foretell(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "test_it.py")

    assert (0, True) == (done.returncode, "1 passed" in done.stdout)
    assert [("agent", "pytest")] == list_runs(tmp_path)


def test_a_command_that_is_no_python_is_refused(tmp_path):
    """A binary cannot be run inside."""
    done = foretell(tmp_path, "ls")

    assert (2, True) == (done.returncode, "foretell run -m ls" in done.stderr)
