"""A file that a service is given and that is missing, unreadable or broken is told with service, file, line and fix."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from foretell.stack.commands import Answer
from foretell.stack.compose import Choice, Compose
from foretell.stack.configs import HEAD, check_files, read_complaint, wrap
from foretell.stack.files import Place
from foretell.stack.model import Mount, Service
from tests.unit.stack.fake_commands import FakeCommands

ORIGIN = "A sound copy: git checkout -- FILE"


def parse(given: str) -> Answer:
    """Stand in for compose's parser."""
    try:
        yaml.safe_load(given)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return Answer(15, err=f"yaml: line {mark.line + 1}: {getattr(error, 'problem', error)}\n")
    return Answer(0, out=given)


@pytest.fixture
def check(tmp_path):
    """Write files of a service, and list what is wrong with them."""

    def run(files: dict[str, str], *, words: tuple[str, ...] = (), commands: FakeCommands | None = None) -> list[str]:
        for name, text in files.items():
            path = tmp_path / "deploy" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o644)
        service = Service("loki", "grafana/loki", mounts=(Mount(tmp_path / "deploy", "/etc/loki"),), command=words)
        compose = Compose(commands or FakeCommands({"config": parse}), Place(tmp_path, None), Choice())
        return [str(problem) for problem in check_files([service], tmp_path, compose, ORIGIN)]

    return run


def test_sound_files_are_no_problem_and_cost_one_question(check):
    commands = FakeCommands({"config": parse})
    files = {"loki.yaml": "a: 1\n", "more/rules.yml": "---\n- b\n", "page.json": "{}", "start.sh": "echo '"}

    assert [] == check(files, words=("-config.file=/etc/loki/loki.yaml",), commands=commands)
    assert 1 == len(commands.asked)


def test_a_folder_that_is_not_there_is_told(check, tmp_path):
    assert [f"loki: deploy: is not there. {ORIGIN}"] == check({})


def test_a_file_that_the_command_names_is_told(check):
    found = check({"other.yaml": "a: 1\n"}, words=("-target=all", "-config.file=/etc/loki/loki.yaml"))

    assert [f"loki: deploy/loki.yaml: is not there. {ORIGIN}"] == found


def test_broken_yaml_is_told_with_its_line(check):
    (found,) = check({"loki.yaml": "a: 1\nb: [1, 2\nc: 3\n", "sound.yaml": "a: 1\n"})

    assert found.startswith("loki: deploy/loki.yaml:3: cannot be parsed (")
    assert found.endswith(f"Mend that line. {ORIGIN}")


def test_a_quote_that_is_never_closed_is_blamed_on_its_own_file(check):
    (found,) = check({"a.yaml": 'a: "x\nb: 1\n', "b.yaml": 'c: "y"\n'})

    assert found.startswith("loki: deploy/a.yaml:2: ")


def test_broken_json_is_told_with_its_line(check):
    (found,) = check({"page.json": '{\n "a": 1,\n "b" 2\n}'})

    assert found.startswith("loki: deploy/page.json:3: cannot be parsed (")


def test_what_no_text_can_be_is_told(check, tmp_path):
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "loki.yaml").write_bytes(b"a: \xff\n")

    assert check({})[0].startswith("loki: deploy/loki.yaml: cannot be read (")


def test_a_file_that_only_its_owner_can_read_is_told(check, tmp_path):
    check({"loki.yaml": "a: 1\n"})
    (tmp_path / "deploy" / "loki.yaml").chmod(0o600)

    assert ["loki: deploy/loki.yaml: cannot be read by the user in the container. Type: chmod -R a+rX deploy"] == check(
        {}
    )


def test_texts_mean_the_same_below_a_key():
    texts = ["a: 1\n\nb:\n  - |\n    x\n      y\n", "- 1\n- 2\n", "# nothing\n"]
    document = yaml.safe_load(wrap(texts))

    assert [yaml.safe_load(text) for text in texts] == [document[f"x-{number}"] for number in range(3)]


def test_several_documents_in_one_file_keep_their_lines():
    text = "%YAML 1.2\n---\na: 1\n---\nb: 2\n...\n"
    document = yaml.safe_load(wrap([text]))

    assert [{"a": 1}, {"b": 2}] == [document["x-0-1"], document["x-0-3"]]
    assert len(text.splitlines()) == len(wrap([text]).splitlines()) - 3


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("yaml: line 5: mapping values are not allowed in this context", ("mapping values are not allowed in this context", 2)),
        (
            "yaml: while parsing a flow sequence at line 4, column 6: line 6, column 9: did not find expected ',' or ']'",
            ("did not find expected ',' or ']'", 3),
        ),
        (
            'yaml: construct errors:\n  line 1: line 6: mapping key "a" already defined at line 5',
            ('mapping key "a" already defined at line 2', 3),
        ),
        ("line 400: unexpected end", ("unexpected end", 9)),
        ("it ended with 1", ("it ended with 1", 1)),
    ],
)  # fmt: skip
def test_the_parser_s_lines_become_those_of_the_file(said, expected):
    """It saw the text below a head of its own; the messages are compose's."""
    assert 2 == HEAD.count("\n")
    assert expected == read_complaint(said, 9)


def test_files_of_the_checkout_are_all_seen():
    root = Path(__file__).parents[3]
    mounts = tuple(Mount(root / name, "/etc/x") for name in ("deploy", "dashboards/json"))
    compose = Compose(FakeCommands({"config": parse}), Place(root, None), Choice())
    services = [Service("all", "", mounts=mounts)]

    assert [] == [str(one) for one in check_files(services, root, compose, ORIGIN) if "by the user" not in one.text]
