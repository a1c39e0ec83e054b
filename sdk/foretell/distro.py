"""What `opentelemetry-instrument` finds of us: a distro, a configurator, and an instrumentor that also works alone.

Where several distros are installed, OTEL_PYTHON_DISTRO=foretell and OTEL_PYTHON_CONFIGURATOR=foretell choose ours; with
another one, or under a declarative configuration file, the instrumentor attaches to the provider that is there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.distro import BaseDistro  # type: ignore[attr-defined]  # these two files are untyped
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]  # as above

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class ForetellDistro(BaseDistro):  # type: ignore[misc]  # as above
    """Leaves frameworks to our own choice of instrumentors, so that none is instrumented twice, and loads the others."""

    def _configure(self, **kwargs: Any) -> None:
        """Nothing to prepare: settings have their defaults."""

    def load_instrumentor(self, entry_point: EntryPoint, **kwargs: Any) -> None:
        """Switch on an instrumentor that is not in the table of integrations: of web servers, databases and the like."""
        from foretell.integrations.registry import list_distributions

        distribution = entry_point.dist
        if entry_point.name == "foretell" and ForetellInstrumentor().is_instrumented_by_opentelemetry:
            return  # a configuration file has begun already
        if distribution is None or distribution.name not in list_distributions():
            super().load_instrumentor(entry_point, **kwargs)


class ForetellConfigurator:
    """Sets recording up, after the providers of a declarative configuration file where there is one."""

    def configure(self, **kwargs: Any) -> None:
        """Configure OpenTelemetry for this process; OpenTelemetry passes its own version, which nothing depends on."""
        import foretell
        from foretell.settings import read_environment

        file = read_environment().get("OTEL_CONFIG_FILE")
        if file:
            configure_by_file(file)
        foretell.init()


def configure_by_file(path: str) -> None:
    """Let OpenTelemetry set up what a configuration file describes; ours attaches to it."""
    from foretell.errors import FAULTS

    try:
        from opentelemetry.configuration import configure_sdk, load_config_file
    except ImportError:
        FAULTS.warn(
            "distro.config_file",
            f"OTEL_CONFIG_FILE={path} is not read: pip install opentelemetry-configuration",
        )
        return
    configure_sdk(load_config_file(path))


@dataclass
class InstrumentorOptions:
    """What a declarative configuration file may say under `instrumentation/development.python.foretell`."""

    service_name: str | None = None
    store: str | None = None
    content: str | None = None
    integrations: str | None = None


class ForetellInstrumentor(BaseInstrumentor):  # type: ignore[misc]  # as above
    """Starts recording as an instrumentor among others, with whatever distro and provider there is."""

    configuration = InstrumentorOptions

    def instrumentation_dependencies(self) -> Collection[str]:
        """Nothing has to be installed."""
        return ()

    def _instrument(self, **kwargs: Any) -> None:
        """Start recording; what OpenTelemetry passes beside our options is not for us."""
        import foretell

        names = InstrumentorOptions.__dataclass_fields__
        foretell.init(**{name: value for name, value in kwargs.items() if name in names})

    def _uninstrument(self, **kwargs: Any) -> None:
        """Stop recording."""
        import foretell

        foretell.shutdown()
