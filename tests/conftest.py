"""What holds for every test: generated examples have no deadline, and Ctrl-C is what it is at a terminal."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines are shared
settings.load_profile("house")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores it, and the programs that tests start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
