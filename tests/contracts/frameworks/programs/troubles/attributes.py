"""What stands in the modules of some packages: functions, classes, and all that stands in those."""

import inspect
import sys


def list_attributes(packages):
    """Each callable of each loaded module and class, by where it stands."""
    found = {}
    for name, module in sorted(sys.modules.items()):
        if module is None or name.partition(".")[0] not in packages:
            continue
        for key, value in list(vars(module).items()):
            if callable(value):
                found[f"{name}:{key}"] = value
            if inspect.isclass(value) and str(value.__module__).partition(".")[0] in packages:
                of_class = {f"{name}:{key}.{each}": value for each, value in vars(value).items()}
                found.update(
                    (place, each)
                    for place, each in of_class.items()
                    if callable(each) or isinstance(each, (staticmethod, classmethod, property))
                )
    return found


def list_changes(before):
    """Where something else stands now than in `before`, which is what `list_attributes` told."""
    now = list_attributes({place.partition(".")[0].partition(":")[0] for place in before})
    return sorted(place for place, value in before.items() if now.get(place) is not value)
