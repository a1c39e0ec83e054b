"""Plays the cases that the command line asks for: `program.py plain='What is ...?' stream='...'`."""

import asyncio
import inspect
import sys
import traceback


def play(**cases):
    """Call the case's function with its question; print what it answers, or how it failed."""
    with asyncio.Runner() as runner:
        for argument in sys.argv[1:]:
            case, _, question = argument.partition("=")
            try:
                answer = cases[case](question)
                if inspect.isawaitable(answer):
                    answer = runner.run(answer)
            except Exception as error:
                traceback.print_exc()
                print(f"{case} failed: {type(error).__name__}", flush=True)
            else:
                print(f"{case} answered: {answer}", flush=True)
