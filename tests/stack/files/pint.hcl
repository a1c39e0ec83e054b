# How test_checkers.py has pint look at the rules.
checks {
  disabled = [
    # A label that an alert may lack is followed by another: `or $labels.gen_ai_agent_name $labels.job "fleet"`.
    "alerts/template",
    # Groups have intervals of their own; a baseline of a week need not be looked at as often as what it is compared with.
    "rule/dependency",
  ]
}
