"""Figures for Prometheus: requests by route, and the registry's own counts, read when asked for."""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.adjudication.domain.cases import Origin
from service.audit.usecases.feed import count_behind
from service.bootstrap import App
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.kit.actor import system_actor

METRICS = system_actor("metrics", "api")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
LEFT = 499
"""In place of a status: the client left before it was answered."""
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The figures of one running service."""

    def __init__(self, app: App) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(RegistryCounts(app))
        labels = ("method", "route", "status")
        self._requests = Counter("jisr_http_requests_total", "Requests answered", labels, registry=self.registry)
        self._seconds = Histogram(
            "jisr_http_seconds",
            "Time to the whole answer",
            ("method", "route"),
            buckets=SECONDS,
            registry=self.registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)


class RegistryCounts(Collector):
    """Counts taken from the database and the gallery at the moment of asking."""

    def __init__(self, app: App) -> None:
        self._app = app

    def collect(self) -> Iterator[Metric]:
        with self._app.store.storage.read() as uow:
            counts, open_cases = uow.enrolments.count_by_status(), uow.cases.count_open()
            unusable, oldest = uow.enrolments.count_unusable(), uow.enrolments.oldest_waiting()
            open_findings, open_tasks = uow.findings.count_open(), uow.tasks.count_unclosed()
        if self._app.store.settings.audit_feed:
            behind = count_behind(actor=METRICS, storage=self._app.store.storage)
            yield GaugeMetricFamily("jisr_audit_feed_behind", "Entries that the feed has not taken", behind)
        enrolments = GaugeMetricFamily("jisr_enrolments", "Enrolments by status", labels=("status",))
        for status in EnrolmentStatus:
            enrolments.add_metric([status.value], counts.get(status, 0))
        yield enrolments
        reasons = GaugeMetricFamily("jisr_unusable_enrolments", "Unusable enrolments by reason", labels=("reason",))
        for reason, count in unusable.items():
            reasons.add_metric([reason], count)
        yield reasons
        age = 0.0 if oldest is None else (self._app.store.clock.now() - oldest).total_seconds()
        yield GaugeMetricFamily(
            "jisr_oldest_waiting_seconds",
            "Since the oldest enrolment without an outcome was received",
            value=max(age, 0),
        )
        cases = GaugeMetricFamily("jisr_open_cases", "Cases that are not decided yet", labels=("origin",))
        for origin in Origin:
            cases.add_metric([origin.value], open_cases[origin])
        yield cases
        findings = GaugeMetricFamily("jisr_findings", "Findings that are not closed yet", labels=("pattern",))
        for pattern, count in open_findings.items():
            findings.add_metric([pattern.value], count)
        yield findings
        tasks = GaugeMetricFamily("jisr_open_tasks", "Tasks that are not closed yet", labels=("kind",))
        for kind, count in open_tasks.items():
            tasks.add_metric([kind.value], count)
        yield tasks
        yield GaugeMetricFamily(
            "jisr_gallery_people", "People in this process's gallery", value=len(self._app.replica.index)
        )


class MeasureRequests:
    """Counts and times requests under the pattern of their route, so that no identifier becomes a label."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:
            status = LEFT
            raise
        finally:
            route = getattr(scope.get("route"), "path", "") or "unmatched"
            method = scope["method"] if scope["method"] in METHODS else "OTHER"
            self._metrics.answered(method, route, status, time.perf_counter() - began)
