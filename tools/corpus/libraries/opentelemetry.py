# /// script
# dependencies = ["opentelemetry-sdk", "opentelemetry-propagator-b3", "opentelemetry-instrumentation-logging"]
# [tool.slim]
# ci = true
# event = {instrumentor = "logging"}
# ///
"""Propagators, context and providers are entry points, chosen by the environment."""

import os

os.environ.update(
    OTEL_PROPAGATORS="b3multi,tracecontext",
    OTEL_TRACES_SAMPLER="parentbased_always_on",
    OTEL_EXPERIMENTAL_RESOURCE_DETECTORS="otel,process,os",
)
from opentelemetry import metrics, propagate, trace
from opentelemetry.instrumentation.dependencies import get_dist_dependency_conflicts
from opentelemetry.sdk._configuration import _import_id_generator
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.util._importlib_metadata import entry_points


def lambda_handler(event, context):
    resource = Resource.create({"service.name": "s"})
    provider = TracerProvider(resource=resource)
    carrier = {}
    with provider.get_tracer("t").start_as_current_span("work"):
        propagate.inject(carrier)
    reader = InMemoryMetricReader()
    MeterProvider(metric_readers=[reader]).get_meter("m").create_counter("c").add(3)
    value = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics[0].data.data_points[0].value
    (point,) = entry_points(group="opentelemetry_instrumentor", name=event["instrumentor"])
    instrumentor = point.load()
    return {
        "carrier": sorted(carrier),
        "sampler": type(provider.sampler).__name__,
        "value": value,
        "pid": "process.pid" in resource.attributes,
        "os": "os.type" in resource.attributes,
        "ids": type(_import_id_generator("random")).__name__,
        "instrumentor": instrumentor.__name__,
        "conflict": get_dist_dependency_conflicts(point.dist) is None,
    }
