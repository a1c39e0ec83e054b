"""A framework that is patched and left alone again: says what is not as it was."""

import sys
from importlib import import_module

from attributes import list_attributes, list_changes

import foretell
from foretell.integrations.registry import find_integration


def main(name):
    foretell.shutdown()
    integration = find_integration(name)
    for module in (integration.module, *integration.used, *(gate.module for gate in integration.gates)):
        try:
            import_module(module)
        except ImportError:
            continue
    word = integration.package.partition("_")[0]  # of langchain_core, for example
    packages = {module.partition(".")[0] for module in sys.modules if module.startswith(word)} | {*integration.family}
    before = list_attributes(packages)
    foretell.init(integrations="auto")
    print(f"patched: {len(list_changes(before)) > 0}")
    foretell.shutdown()
    print(f"left: {list_changes(before)}")


main(sys.argv[1].partition("=")[0])
