"""Takes secrets out of log lines and feedback in the worker: one search over all the text of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from foretell.model.log import NO_ATTRIBUTES, LogRecord
from foretell.payloads.refine import RefineCounts
from foretell.privacy.matching import FAILED
from foretell.privacy.text import draft_json, encode_text

if TYPE_CHECKING:
    from foretell.model.facts import Score
    from foretell.privacy.redactor import Redactor


def refine_logs(records: Sequence[LogRecord], redactor: Redactor) -> tuple[list[LogRecord], RefineCounts]:
    """Return the records as they may be kept, in order, and what was done; one without a secret comes back as it is.

    Where this raises, nothing of the records may be kept but what `withhold_log` leaves.
    """
    counts = RefineCounts()
    with_attributes = [place for place, record in enumerate(records) if record.attributes]
    documents = [encode_text(record.body) for record in records]
    documents += [draft_json(dict(records[place].attributes)) for place in with_attributes]
    suspects = redactor.find_suspects(documents)
    refined = [_refine_names(record, redactor) for record in records]
    for suspect in suspects:
        if suspect < len(records):
            record = refined[suspect]
            refined[suspect] = replace(record, body=str(_redact(record.body, redactor, counts)))
        else:
            place = with_attributes[suspect - len(records)]
            kept = _redact(dict(refined[place].attributes), redactor, counts)
            refined[place] = replace(refined[place], attributes=kept if type(kept) is dict else {"redacted": kept})
    return refined, counts


def withhold_log(record: LogRecord) -> LogRecord:
    """Return a record whose redaction failed without its texts: when, how grave, and what it belongs to."""
    return replace(record, body=FAILED, attributes=NO_ATTRIBUTES, logger="", severity_text="", event_name=None)


def refine_scores(scores: Sequence[Score], redactor: Redactor) -> list[Score]:
    """Return feedback as it may be kept."""
    comments = redactor.redact_texts([score.comment or "" for score in scores])
    return [
        replace(
            score,
            name=redactor.redact_name(score.name),
            label=None if score.label is None else redactor.redact_name(score.label),
            comment=None if score.comment is None else str(comment.value),
        )
        for score, comment in zip(scores, comments, strict=True)
    ]


def withhold_score(score: Score) -> Score:
    """Return feedback whose redaction failed without its texts."""
    return replace(score, name=FAILED, label=None, comment=None)


def _refine_names(record: LogRecord, redactor: Redactor) -> LogRecord:
    logger, severity_text = redactor.redact_name(record.logger), redactor.redact_name(record.severity_text)
    event_name = None if record.event_name is None else redactor.redact_name(record.event_name)
    if (logger, severity_text, event_name) == (record.logger, record.severity_text, record.event_name):
        return record
    return replace(record, logger=logger, severity_text=severity_text, event_name=event_name)


def _redact(value: Any, redactor: Redactor, counts: RefineCounts) -> Any:  # Any: JSON-like
    redacted = redactor.redact_value(value)
    counts.add(redacted.counts, redacted.failures)
    return redacted.value
