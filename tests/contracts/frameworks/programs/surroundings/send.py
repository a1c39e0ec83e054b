"""Sends tasks and waits for what comes of them: `send.py <question> <how many> [and one that fails]`."""

import sys

from tasks import answer, fail

question, count, *rest = sys.argv[1:]
sent = [answer.delay(question) for _ in range(int(count))]
for each in sent:
    print("answered", each.get(timeout=60, interval=0.05))
if rest:
    print("failed", type(fail.delay(question).get(timeout=60, interval=0.05, propagate=False)).__name__)
