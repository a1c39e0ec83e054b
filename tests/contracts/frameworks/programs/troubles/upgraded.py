"""Makes a library lack something, as a newer version of it might: taken out while it is being imported."""

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder


class Upgrade(MetaPathFinder):
    """Takes one attribute out of a module when that has been loaded."""

    def __init__(self, module, path):
        self.module = module
        self.path = path

    def find_spec(self, name, path=None, target=None):
        if name != self.module:
            return None
        spec = PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            owner, _, attribute = self.path.rpartition(".")
            delattr(getattr(module, owner), attribute)

        spec.loader.exec_module = exec_module
        return spec


def take_out(module, path):
    """Have `module`, which is not imported yet, lack `Class.attribute`."""
    sys.meta_path.insert(0, Upgrade(module, path))
