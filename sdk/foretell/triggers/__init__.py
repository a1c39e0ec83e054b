"""What can go wrong: one catalogue of triggers, from which limits, rules, runbook links, panels and docs are made."""
