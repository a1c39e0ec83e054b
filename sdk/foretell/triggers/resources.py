"""Triggers about what a process takes: CPU and memory."""

from __future__ import annotations

from foretell.model.finding import Severity
from foretell.triggers.alerts import told_by_process
from foretell.triggers.trigger import Alert, Limit, Trigger, Where

CPU_SPIN = Trigger(
    id="cpu_spin",
    severity=Severity.CRITICAL,
    meaning="A thread burns a whole core and makes no progress.",
    where=Where.PROCESS,
    limits=(
        Limit("share", 0.9, "Share of one core that a thread takes."),
        Limit("hold_s", 30, "For so many seconds, in which no call ended."),
        Limit("same_stack_share", 0.8, "Share of the stack samples that have the same top frames."),
        Limit("stack_samples", 10, "So many stack samples are compared."),
    ),
    alerts=(told_by_process("cpu_spin", "CpuSpin"),),
    advice="The stack in the evidence names the loop or the regular expression.",
)

MEMORY_GROWTH = Trigger(
    id="memory_growth",
    severity=Severity.CRITICAL,
    meaning="A process takes more and more memory and gives none back.",
    where=Where.BOTH,
    limits=(
        Limit("growth_mb_per_h", 50, "Growth of the floor and of the slope, in MB (2^20 bytes) an hour."),
        Limit("min_age_s", 1800, "A younger process is still warming up."),
        Limit("window_s", 3600, "The last so many seconds are judged."),
        Limit("min_samples", 60, "So many looks at the memory are needed."),
        Limit("p", 0.01, "Chance (Mann-Kendall) that such a trend is none."),
    ),
    alerts=(
        Alert(
            "MemoryGrowth",
            # The floor rose over 50 and still over the last 20 minutes, and so did the slope: no cache that was loaded
            # once, no spike, no saw-tooth of the garbage collector; nor a restart in between.
            """\
foretell:process:memory_rise_bytes_per_hour:50m > {growth_mb_per_h} * 2^20
and foretell:process:memory_rise_bytes_per_hour:20m > {growth_mb_per_h} * 2^20 / 2
and foretell:process:memory_slope_bytes_per_hour:1h > {growth_mb_per_h} * 2^20
unless foretell:process:restarts:70m > 0""",
            hold_s=1800,
            keep_firing_s=600,
            description="{{ $labels.instance }} grows by {{ $value | humanize1024 }}B an hour; "
            "{growth_mb_per_h} MB an hour are allowed.",
        ),
        told_by_process("memory_growth", "MemoryGrowthFound"),
    ),
    advice="Compare two heap snapshots (tracemalloc) some minutes apart; caches and lists of messages grow first.",
)

TRIGGERS = (CPU_SPIN, MEMORY_GROWTH)
