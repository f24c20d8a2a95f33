package dormouse.server.door;

import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.vertx.core.Vertx;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * {@code /metrics}: Prometheus' text, or OpenMetrics where the scraper asks for it. The JVM's own beans take their time, so a
 * worker of Vert.x reads them, not the event loop, and not the store's threads, which may all be waiting for a database that is
 * away: just then somebody looks.
 */
final class MetricsPage {
    private final PrometheusRegistry registry;
    private final ExpositionFormats formats = ExpositionFormats.init();

    MetricsPage(PrometheusRegistry registry) {
        this.registry = registry;
    }

    void scrape(Call call) {
        String accept = call.request().getHeader("accept");
        ExpositionFormatWriter writer = accept != null && accept.contains("application/openmetrics-text")
                ? formats.getOpenMetricsTextFormatWriter()
                : formats.getPrometheusTextFormatWriter();
        Vertx.currentContext()
                .executeBlocking(() -> text(writer), false)
                .onSuccess(text -> call.answer(200, writer.getContentType(), text))
                .onFailure(e -> call.refuse(
                        Refusal.of(Failure.of(Reason.INTERNAL, "the metrics could not be read: " + e.getMessage()))));
    }

    private byte[] text(ExpositionFormatWriter writer) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream(16 << 10);
        writer.write(text, registry.scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
        return text.toByteArray();
    }
}
