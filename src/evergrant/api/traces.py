"""OpenTelemetry traces, where an operator asks for them: off by default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from evergrant.errors import BadInput
from evergrant.telemetry import End, Span, listening


@contextmanager
def traced(endpoint: str) -> Iterator[None]:
    """Send spans to an OTLP endpoint over HTTP for the length of the block; '' sends nothing.

    Raises `BadInput` when the extra `telemetry` is not there.
    """
    if not endpoint:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import Status, StatusCode
    except ImportError as error:
        raise BadInput(
            "traces need the extra `telemetry`",
            next_step='install it with: pip install "evergrant[telemetry]"',
            whose="operator",
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "evergrant"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    tracer = provider.get_tracer("evergrant")

    def began(span: Span) -> End:
        entered = tracer.start_as_current_span(span.name)
        open_ = entered.__enter__()

        def end() -> None:
            open_.set_attributes(span.labels)
            if (outcome := span.labels.get("outcome", "done")) != "done":
                open_.set_status(Status(StatusCode.ERROR, outcome))
            entered.__exit__(None, None, None)

        return end

    try:
        with listening(began):
            yield
    finally:
        provider.shutdown()
