"""Every look that a panel can have, each once. A dashboard says what is shown; how it looks stands here."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any, Final

from grafana_foundation_sdk.builders import bargauge as bargauge_panel
from grafana_foundation_sdk.builders import common as build
from grafana_foundation_sdk.builders import dashboard as dashboard_build
from grafana_foundation_sdk.builders import heatmap as heatmap_panel
from grafana_foundation_sdk.builders import logs as logs_panel
from grafana_foundation_sdk.builders import loki, prometheus, tempo
from grafana_foundation_sdk.builders import stat as stat_panel
from grafana_foundation_sdk.builders import statetimeline as states_panel
from grafana_foundation_sdk.builders import table as table_panel
from grafana_foundation_sdk.builders import text as text_panel
from grafana_foundation_sdk.builders import timeseries as lines_panel
from grafana_foundation_sdk.models import common as words
from grafana_foundation_sdk.models import heatmap as heatmap_words
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.tempo import MetricsQueryType, SearchTableType
from grafana_foundation_sdk.models.text import TextMode

from dashboards.page import Panel, refer_to
from dashboards.queries.query import Query

Link = dashboard_build.DashboardLink
Steps = tuple[tuple[float, str], ...]
"""From which value on a colour holds; below the first of them all is green."""

STAT_HEIGHT: Final = 4
PLOT_HEIGHT: Final = 8
THIRD: Final = 8
HALF: Final = 12
WHOLE: Final = 24
ANY_IS_BAD: Final[Steps] = ((1, "red"),)
ERROR_SHARES: Final[Steps] = ((0.01, "yellow"), (0.05, "red"))
"""One in a hundred is accepted, one in twenty pages (trigger `error_rate`)."""
FULLNESS: Final[Steps] = ((0.8, "yellow"), (1.0, "red"))
OUTCOME_COLOURS: Final = {
    "ok": "green",
    "error": "red",
    "aborted": "dark-red",
    "cancelled": "blue",
    "halted": "orange",
}


# -- looks ----------------------------------------------------------------------------------------------------------
ALERT_COLUMNS: Final = {
    "severity": ("Severity", ""),
    "trigger": ("Trigger", ""),
    "agent": ("Agent", ""),
    "alertname": ("Alert", ""),
}
"""Columns of a table of alerts: label → head and unit."""


def stat(
    title: str,
    description: str,
    query: Query,
    unit: str,
    *,
    width: int = 4,
    steps: Steps = (),
    decimals: int | None = None,
) -> Panel:
    """One number, coloured by its thresholds."""
    panel = _begin(stat_panel.Panel(), title, description, (query,), unit, width, STAT_HEIGHT)
    panel.thresholds(_thresholds(steps)).color_mode(words.BigValueColorMode.VALUE).no_value("–")
    panel.graph_mode(words.BigValueGraphMode.NONE)
    panel.reduce_options(build.ReduceDataOptions().calcs(["lastNotNull"]))
    return panel if decimals is None else panel.decimals(decimals)


def gauges(
    title: str, description: str, query: Query, unit: str, *, width: int = HALF, steps: Steps = FULLNESS
) -> Panel:
    """One bar for each series, as long as its value, coloured by its thresholds."""
    panel = _begin(bargauge_panel.Panel(), title, description, (query,), unit, width, PLOT_HEIGHT)
    panel.thresholds(_thresholds(steps)).min(0).orientation(words.VizOrientation.HORIZONTAL)
    return panel.reduce_options(build.ReduceDataOptions().calcs(["lastNotNull"]))


def lines(
    title: str,
    description: str,
    queries: Query | Sequence[Query],
    unit: str,
    *,
    width: int = HALF,
    links: Sequence[Link] = (),
    limit_unit: str | None = None,
) -> Panel:
    """Values over time. Series whose name begins with `limit` are dashed and red; `forecast` is dashed."""
    asked = (queries,) if isinstance(queries, Query) else tuple(queries)
    panel = _begin(lines_panel.Panel(), title, description, asked, unit, width, PLOT_HEIGHT)
    panel.line_width(1).fill_opacity(8).show_points(words.VisibilityMode.AUTO).span_nulls(False)
    panel.legend(_legend()).tooltip(_tooltip()).axis_soft_min(0)
    panel.override_by_regexp("/^limit/", _dashed("red", limit_unit)).override_by_regexp(
        "/^forecast/", _dashed("orange")
    )
    return panel.data_links(list(links)) if links else panel


def bars(title: str, description: str, queries: Query | Sequence[Query], unit: str, *, width: int = HALF) -> Panel:
    """Counts over time, stacked: the height is their sum."""
    asked = (queries,) if isinstance(queries, Query) else tuple(queries)
    panel = _begin(lines_panel.Panel(), title, description, asked, unit, width, PLOT_HEIGHT)
    panel.draw_style(words.GraphDrawStyle.BARS).fill_opacity(70).line_width(0).legend(_legend()).tooltip(_tooltip())
    panel.stacking(build.StackingConfig().mode(words.StackingMode.NORMAL).group("A"))
    for outcome, colour in OUTCOME_COLOURS.items():
        panel.override_by_name(outcome, [_fixed(colour)])
    return panel


def heatmap(title: str, description: str, query: Query, unit: str, *, width: int = HALF) -> Panel:
    """How values spread over a histogram's buckets, over time, with single calls as dots that lead to their traces."""
    panel = _begin(heatmap_panel.Panel(), title, description, (query,), unit, width, PLOT_HEIGHT)
    colours = heatmap_panel.HeatmapColorOptions().mode(heatmap_words.HeatmapColorMode.SCHEME).scheme("Blues").steps(32)
    return panel.color(colours.exponent(0.5)).y_axis(heatmap_panel.YAxisConfig().unit(unit).min(0))


def states(
    title: str, description: str, query: Query, names: dict[str, tuple[str, str]], *, width: int = WHOLE
) -> Panel:
    """What held when: a bar for each series, its values written as words and colours."""
    panel = _begin(states_panel.Panel(), title, description, (query,), "short", width, PLOT_HEIGHT)
    options = {value: ValueMappingResult(text=text, color=colour) for value, (text, colour) in names.items()}
    panel.mappings([ValueMap(options=options)]).merge_values(True).row_height(0.8).show_value(
        words.VisibilityMode.NEVER
    )
    return panel.thresholds(_thresholds(ANY_IS_BAD))


def table(
    title: str,
    description: str,
    queries: Query | Sequence[Query],
    unit: str,
    *,
    columns: dict[str, tuple[str, str]],
    width: int = WHOLE,
    links: dict[str, Link] | None = None,
    sort: str = "",
) -> Panel:
    """Series of one moment as rows. `columns` name each field's heading and unit; all other fields are hidden."""
    asked = (queries,) if isinstance(queries, Query) else tuple(queries)
    panel = _begin(table_panel.Panel(), title, description, asked, unit, width, PLOT_HEIGHT)
    shown = {name: at for at, name in enumerate(columns)}
    if len(asked) > 1:
        panel.with_transformation(_transform("merge", {}))
    panel.with_transformation(_transform("filterFieldsByName", {"include": {"names": list(columns)}}))
    headings = {name: heading for name, (heading, _) in columns.items()}
    panel.with_transformation(_transform("organize", {"indexByName": shown, "renameByName": headings}))
    for heading, unit_of in columns.values():
        if unit_of:
            panel.override_by_name(heading, [DynamicConfigValue("unit", unit_of)])
    return _finish_table(panel, links or {}, sort)


def found_traces(title: str, description: str, query: Query, *, width: int = WHOLE, links: dict[str, Link]) -> Panel:
    """Traces, or the calls in them, that a search found."""
    panel = _begin(table_panel.Panel(), title, description, (query,), "short", width, PLOT_HEIGHT)
    return _finish_table(panel, links, "")


def one_trace(title: str, description: str, query: Query) -> Panel:
    """The calls of one trace as a waterfall."""
    return _begin(dashboard_build.Panel().type("traces"), title, description, (query,), "", WHOLE, 2 * PLOT_HEIGHT)


def log_lines(title: str, description: str, query: Query, *, width: int = WHOLE) -> Panel:
    """Lines of the logs; a line opens to all that is known of it, with the link to its trace."""
    panel = _begin(logs_panel.Panel(), title, description, (query,), "", width, PLOT_HEIGHT)
    panel.show_time(True).wrap_log_message(True).enable_log_details(True)
    return panel.sort_order(words.LogsSortOrder.ASCENDING).dedup_strategy(words.LogsDedupStrategy.NONE)


def note(title: str, description: str, text: str, *, width: int = WHOLE, height: int = STAT_HEIGHT) -> Panel:
    """Words and commands to copy; a `$name` in them is what a variable holds."""
    panel = _begin(text_panel.Panel(), title, description, (), "", width, height)
    return panel.mode(TextMode.MARKDOWN).content(text)


# -- parts of them --------------------------------------------------------------------------------------------------


def _begin(
    panel: Panel, title: str, description: str, queries: Sequence[Query], unit: str, width: int, height: int
) -> Panel:
    panel.title(title).description(description).span(width).height(height)
    if unit:
        panel.unit(unit)
    if queries:
        panel.datasource(refer_to(queries[0].language))
    is_table = isinstance(panel, table_panel.Panel)
    return panel.targets([_aim(query, ascii_uppercase[at], is_table) for at, query in enumerate(queries)])


def _aim(query: Query, ref_id: str, is_table: bool) -> Any:
    if query.language == "promql":
        return _aim_at_prometheus(query, ref_id, is_table)
    if query.language == "logql":
        asked = loki.Dataquery().expr(query.text).legend_format(query.legend).query_type("range").max_lines(1000)
        return asked.ref_id(ref_id).datasource(refer_to("logql"))
    of_calls = SearchTableType.SPANS if "event." in query.text or "select(" in query.text else SearchTableType.TRACES
    traces = tempo.TempoQuery().query(query.text).query_type("traceql").limit(20).spss(100).table_type(of_calls)
    return traces.metrics_query_type(MetricsQueryType.RANGE).ref_id(ref_id).datasource(refer_to(query.language))


def _aim_at_prometheus(query: Query, ref_id: str, is_table: bool) -> prometheus.Dataquery:
    asked = prometheus.Dataquery().expr(query.text).legend_format(query.legend or "__auto").ref_id(ref_id)
    asked.exemplar(query.has_exemplars).datasource(refer_to("promql"))
    if query.legend == "{{le}}":
        asked.format(PromQueryFormat.HEATMAP)
    elif is_table:
        asked.format(PromQueryFormat.TABLE)
    return asked.instant() if query.is_instant else asked.range()


def _thresholds(steps: Steps) -> dashboard_build.ThresholdsConfig:
    made = [Threshold(value=None, color="green"), *(Threshold(value=value, color=colour) for value, colour in steps)]
    return dashboard_build.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(made)


def _fixed(colour: str) -> DynamicConfigValue:
    return DynamicConfigValue("color", {"mode": FieldColorModeId.FIXED.value, "fixedColor": colour})


def _dashed(colour: str, unit: str | None = None) -> list[DynamicConfigValue]:
    look = [
        _fixed(colour),
        DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [8, 8]}),
        DynamicConfigValue("custom.fillOpacity", 0),
    ]
    if unit is None:
        return look
    return [*look, DynamicConfigValue("unit", unit), DynamicConfigValue("custom.axisPlacement", "right")]


def _legend() -> build.VizLegendOptions:
    legend = build.VizLegendOptions().show_legend(True).placement(words.LegendPlacement.BOTTOM)
    return legend.display_mode(words.LegendDisplayMode.LIST)


def _tooltip() -> build.VizTooltipOptions:
    return build.VizTooltipOptions().mode(words.TooltipDisplayMode.MULTI).sort(words.SortOrder.DESCENDING)


def _transform(id: str, options: dict[str, object]) -> DataTransformerConfig:
    return DataTransformerConfig(id_val=id, options=options)


def _finish_table(panel: Panel, links: dict[str, Link], sort: str) -> Panel:
    for heading, link in links.items():
        panel.override_by_name(heading, [DynamicConfigValue("links", [link.build()])])
    if sort:
        panel.sort_by([build.TableSortByFieldState().display_name(sort).desc(True)])
    return panel.show_header(True).cell_height(words.TableCellHeight.SM)
