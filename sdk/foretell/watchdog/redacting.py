"""Takes secrets out of findings before anybody hears of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from foretell.errors import FAULTS
from foretell.privacy.matching import FAILED

if TYPE_CHECKING:
    from foretell.model.finding import Finding
    from foretell.privacy.redactor import Redactor


def refine_finding(finding: Finding, redactor: Redactor) -> Finding:
    """Return the finding as it may be kept and sent; where redaction fails, without its texts. Never raises."""
    try:
        key, explanation, advice = redactor.redact_texts([finding.key, finding.explanation, finding.advice])
        evidence = redactor.redact_value(dict(finding.evidence)).value
        name = finding.agent_name
        return replace(
            finding,
            key=str(key.value),
            explanation=str(explanation.value),
            advice=str(advice.value),
            evidence=evidence if type(evidence) is dict else {"withheld": evidence},
            agent_name=None if name is None else redactor.redact_name(name),
        )
    except Exception as error:
        FAULTS.note("redaction", error)
        return replace(finding, explanation=FAILED, advice="", evidence={}, agent_name=None)
