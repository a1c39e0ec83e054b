"""How rules, functions and names of one's own work together with the built-in ones."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.privacy.matching import InvalidRule
from foretell.privacy.personal import OPTIONAL_RULES
from foretell.privacy.redactor import Redacted, Redactor
from foretell.privacy.rules import Rule, list_default_rules

EMPLOYEE = Rule("employee", r"\bEMP-\d{6}\b")


class TestSensitiveKeys:
    """The whole value under such a key goes."""

    @pytest.mark.parametrize(
        "key",
        [
            "password", "Password", "user_password", "api_key", "apiKey", "X-API-Key", "client_secret", "secret", "token",
            "authorization", "Authorization", "cookie", "Set-Cookie", "ssn", "access_token", "refreshToken", "private_key",
            "http.request.header.authorization", "aws_secret_access_key", "credentials", "db.connection_string", "cvv",
        ],
    )  # fmt: skip
    def test_its_value_is_gone(self, redactor: Redactor, key: str) -> None:
        """Text, lists and mappings alike."""
        for value in ("purple-monkey", ["purple", "monkey"], {"a": "purple"}):
            redacted = redactor.redact_values([{"config": {key: value}}])[0]

            assert {"config": {key: "[redacted:secret]"}} == redacted.value
            assert {"secret": 1} == redacted.counts

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("max_tokens", 100), ("input_tokens", 5), ("prompt_tokens", "12"), ("token_count", 7), ("tokens", ["the", "cat"]),
            ("token", 3), ("next_page_token", "CAUQAA"), ("pad_token", "[PAD]"), ("has_password", True), ("password", None),
            ("password", ""), ("cookie", "a recipe for cookies"), ("cookies", 12), ("author", "Jane"), ("PWD", "/home/bob"),
            ("secretary", "Bob"), ("session_id", "s-1"), ("key", "value"), ("authority", "high"), ("spin", "left"),
        ],
    )  # fmt: skip
    def test_counts_prose_and_lookalikes_stay(self, redactor: Redactor, key: str, value: object) -> None:
        """A count of tokens is no token."""
        assert {key: value} == redactor.redact_values([{key: value}])[0].value

    def test_pairs_and_named_values_are_mappings_too(self, redactor: Redactor) -> None:
        """As headers are often written."""
        value = {
            "headers": [["X-Api-Key", "purple"], ["Accept", "text/html"]],
            "har": [{"name": "Cookie", "value": "a=b"}],
        }

        assert {
            "headers": [["X-Api-Key", "[redacted:secret]"], ["Accept", "text/html"]],
            "har": [{"name": "Cookie", "value": "[redacted:secret]"}],
        } == redactor.redact_values([value])[0].value

    def test_a_tools_schema_keeps_its_shape(self, redactor: Redactor) -> None:
        """A parameter named password is described, its default is not told."""
        schema = {"password": {"type": "string", "description": "of the user", "default": "purple"}}

        assert {"password": {"type": "string", "description": "of the user", "default": "[redacted:secret]"}} == (
            redactor.redact_values([schema])[0].value
        )

    def test_log_probabilities_keep_their_tokens(self, redactor: Redactor) -> None:
        """Where `token` is a piece of text that a model wrote."""
        value = [{"token": " Hello", "logprob": -0.1}]

        assert value == redactor.redact_values([value])[0].value

    def test_one_may_add_names(self) -> None:
        """In any spelling."""
        redactor = Redactor(extra_keys=("patient name", "größe"))

        assert {"PatientName": "[redacted:secret]", "größe": "[redacted:secret]", "name": "x"} == (
            redactor.redact_values([{"PatientName": "Jane", "größe": "1,80", "name": "x"}])[0].value
        )


class TestOwnRules:
    """Rules, functions and exceptions that a user brings."""

    @pytest.mark.parametrize("text", ["see EMP-123456 now", "line\nEMP-123456", "EMP-123456"])
    def test_a_rule_of_ones_own_is_applied(self, text: str) -> None:
        """In text and in values."""
        redactor = Redactor(extra_rules=[EMPLOYEE])

        assert text.replace("EMP-123456", "[redacted:employee]") == redactor.redact_text(text)[0]
        assert [text.replace("EMP-123456", "[redacted:employee]")] == redactor.redact_values([[text]])[0].value

    @pytest.mark.parametrize(
        "pattern", [r"^Dear (\w+)", r'name="([^"]+)"', r"Zug\s+(\d+)", r"größe.\d+", r"(?s)<b>.*</b>"]
    )
    def test_a_pattern_that_json_would_hide_is_found(self, pattern: str) -> None:
        """Anchors, quotes, white space and letters beyond ASCII."""
        texts = ["Dear Bob, hi", 'x name="Bob" y', "Zug\n\t12", "größe 12", "<b>\n</b>"]
        redactor = Redactor(extra_rules=[Rule("own", pattern)])
        redacted = redactor.redact_values(texts)

        assert 1 == sum(item.counts.get("own", 0) for item in redacted)

    def test_a_replacement_and_a_check_are_used(self) -> None:
        """The check decides, the replacement is written."""
        rule = Rule("even", r"ID(\d+)", replacement="#", check=lambda digits: int(digits) % 2 == 0)

        assert "ID# ID3" == Redactor(extra_rules=[rule]).redact_text("ID2 ID3")[0]

    def test_a_failing_check_takes_the_whole_text_and_is_counted(self) -> None:
        """Better lost than leaked."""
        rule = Rule("broken", r"ID\d+", check=lambda _: 1 // 0 == 0)
        redactor = Redactor(extra_rules=[rule])

        assert [Redacted({"a": "[redacted:failed]", "b": "fine"}, {}, 1)] == (
            redactor.redact_values([{"a": "my ID12 and more", "b": "fine"}])
        )

    def test_a_function_gets_every_text(self) -> None:
        """And what it returns is kept."""

        def shout(text: str) -> str:
            return text.replace("bob", "X")

        redacted = Redactor(hooks=[shout]).redact_values([{"bob": ["bob", 1]}])[0]

        assert {"X": ["X", 1]} == redacted.value
        assert {"shout": 2} == redacted.counts

    @pytest.mark.parametrize("hook", [lambda text: 1 / 0, lambda text: None, lambda text: text.encode()])
    def test_a_broken_function_takes_the_whole_text(self, hook: object) -> None:
        """Whether it raises or gives something that is no text."""
        redacted = Redactor(hooks=[hook]).redact_texts(["hello"])  # type: ignore[list-item]  # broken on purpose

        assert [Redacted("[redacted:failed]", {}, 1)] == redacted

    def test_what_is_allowed_stays(self) -> None:
        """One's own public address, for example."""
        redactor = Redactor(allowed=("help@example.com",))

        assert "help@example.com [redacted:email]" == redactor.redact_text("help@example.com bob@example.com")[0]

    def test_a_rule_can_be_disabled(self) -> None:
        """By its id."""
        assert "bob@example.com" == Redactor(disabled=("email",)).redact_text("bob@example.com")[0]

    def test_keys_can_be_disabled(self) -> None:
        """With the rule `secret`."""
        assert {"password": "x y"} == Redactor(disabled=("secret",)).redact_values([{"password": "x y"}])[0].value

    def test_addresses_of_machines_are_an_option(self) -> None:
        """Off unless asked for."""
        text = "from 192.168.0.17 and 2001:db8::8a2e:370:7334"

        assert text == Redactor().redact_text(text)[0]
        assert "from [redacted:ipv4] and [redacted:ipv6]" == Redactor(extra_rules=OPTIONAL_RULES).redact_text(text)[0]

    def test_a_pattern_that_cannot_be_read_is_refused(self) -> None:
        """At once, with what to do."""
        with pytest.raises(InvalidRule, match="look-around"):
            Redactor(extra_rules=[Rule("bad", r"(?<=a)b")])

    def test_every_built_in_rule_has_a_sieve(self) -> None:
        """Without one, clean text would cost as much as dirty text."""
        assert [] == [rule.id for rule in list_default_rules() if rule.sieve is None]


class TestStreams:
    """What comes in chunks is read as one text."""

    def test_a_secret_over_a_seam_is_gone(self, redactor: Redactor) -> None:
        """In chunks of text."""
        redacted = redactor.redact_values([["mail bob@exa", "mple.c", "om now", " ok"]])[0]

        assert ["mail [redacted:email]", "", " now", " ok"] == redacted.value
        assert {"email": 1} == redacted.counts

    def test_a_secret_over_the_seam_of_deltas_is_gone(self, redactor: Redactor) -> None:
        """In chunks as providers send them."""
        chunks = [{"choices": [{"delta": {"content": piece}}]} for piece in ("call 555-12", "3-4567", "!")]
        redacted = redactor.redact_values([chunks])[0]

        assert "call [redacted:phone]!" == "".join(c["choices"][0]["delta"]["content"] for c in redacted.value)

    def test_a_secret_that_only_the_chunk_before_tells_is_gone(self, redactor: Redactor) -> None:
        """It stands whole in its own chunk, where nothing says what it is."""
        redacted = redactor.redact_values([["curl ", "-u bob:", "hunter2", " https://x.test"]])[0]

        assert ["curl ", "-u bob:", "[redacted:url_password]", " https://x.test"] == redacted.value

    def test_several_secrets_over_the_same_seams_are_gone(self, redactor: Redactor) -> None:
        """One within a chunk, one that begins there, one at the end."""
        pieces = ["mail ann@example.com or bob@exa", "mple.com, call 555-123", "-4567."]
        redacted = redactor.redact_values([pieces])[0]

        assert "mail [redacted:email] or [redacted:email], call [redacted:phone]." == "".join(redacted.value)

    def test_streamed_arguments_of_a_tool_are_read_as_json(self, redactor: Redactor) -> None:
        """A key tells that its value is a secret, and an escape is a letter."""
        pieces = ['{"pass', 'word": "correct h', 'orse", "to": "b\\u00f6b@exam', 'ple.com"}']
        redacted = redactor.redact_values([[{"delta": {"arguments": piece}} for piece in pieces]])[0]

        joined = "".join(chunk["delta"]["arguments"] for chunk in redacted.value)
        assert {"password": "[redacted:secret]", "to": "[redacted:email]"} == json.loads(joined)

    def test_chunks_of_any_shape_are_joined_where_it_is_known_to_be_a_stream(self, redactor: Redactor) -> None:
        """Elsewhere a list of mappings is just that."""
        chunks = [{"piece": "bob@exa"}, {"piece": "mple.com"}]

        assert [{"piece": "[redacted:email]"}, {"piece": ""}] == redactor.redact_value(chunks, is_stream=True).value
        assert chunks == redactor.redact_value(chunks).value

    def test_whole_texts_in_a_list_stay_apart(self, redactor: Redactor) -> None:
        """One dirty document does not touch the next."""
        assert ["a [redacted:email] b", "clean"] == redactor.redact_values([["a bob@example.com b", "clean"]])[0].value


class TestValues:
    """What stays of values that are awkward."""

    def test_a_clean_value_comes_back_itself(self, redactor: Redactor) -> None:
        """Not a copy."""
        value = {"a": ["b", 1]}

        assert redactor.redact_values([value])[0].value is value

    def test_a_card_as_a_number_is_found(self, redactor: Redactor) -> None:
        """Integers and whole floats."""
        assert ["[redacted:card]", "[redacted:card]", 12] == (
            redactor.redact_values([[4111111111111111, 4111111111111111.0, 12]])[0].value
        )

    def test_bytes_are_read_as_text(self, redactor: Redactor) -> None:
        """Or told by their size."""
        assert {"a": "[redacted:email]", "b": {"type": "bytes", "size": 6}} == (
            redactor.redact_values([{"a": b"bob@example.com", "b": b"\xff\xfe\x00\x01\x02\x03"}])[0].value
        )

    def test_two_keys_that_become_one_stay_two(self, redactor: Redactor) -> None:
        """Nothing is lost when both are redacted."""
        redacted = redactor.redact_values([{"a@example.com": 1, "b@example.com": 2}])[0].value

        assert [1, 2] == list(redacted.values())

    def test_many_texts_are_sorted_out(self, redactor: Redactor) -> None:
        """Only those with a match change."""
        texts = [f"text {n}" if n % 7 else "mail bob@example.com" for n in range(100)]

        assert [t.replace("bob@example.com", "[redacted:email]") for t in texts] == (
            [item.value for item in redactor.redact_texts(texts)]
        )

    @given(st.text(), st.text())
    def test_redaction_never_raises_and_is_stable(self, redactor: Redactor, before: str, after: str) -> None:
        """Whatever stands around a secret; a second time changes nothing more."""
        key = "AKIA" + "IOSFODNN7EXAMPLE"
        kept, _ = redactor.redact_text(f"{before} {key} {after}")

        assert key not in kept

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_a_redacted_value_is_json(self, redactor: Redactor, value: object) -> None:
        """Of any shape."""
        json.dumps(redactor.redact_value(value).value)

    def test_a_picture_stays_and_hides_nothing(self, redactor: Redactor) -> None:
        """Text beside a picture is read; the picture is what it was."""
        picture = "data:image/png;base64," + "iVBORw0KGgo" * 1000
        value = [{"image": picture}, {"text": "bob@example.com"}]

        assert [{"image": picture}, {"text": "[redacted:email]"}] == redactor.redact_values([value])[0].value

    def test_a_secret_around_a_picture_is_found(self, redactor: Redactor) -> None:
        """In the same text."""
        text = "bob@example.com data:image/png;base64," + "iVBORw0KGgo" * 1000 + " AKIA" + "IOSFODNN7EXAMPLE"

        assert {"email": 1, "aws_access_key": 1} == redactor.redact_text(text)[1]
