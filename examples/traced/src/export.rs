//! Sends the spans of `tracing` to an OpenTelemetry collector.

use anyhow::Result;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Begins to send spans. Shut the provider down before the program ends, or the last spans are lost.
pub(crate) fn start(service: &'static str) -> Result<SdkTracerProvider> {
    // Environment variables such as OTEL_EXPORTER_OTLP_ENDPOINT name the collector.
    let exporter = SpanExporter::builder().with_http().build()?;
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(service).build())
        .with_batch_exporter(exporter)
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(service))
        // The places are those in the library, and a run moves from thread to thread.
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    // Items and attempts have the level DEBUG. Other libraries have much to say on that level.
    let levels = Targets::new()
        .with_default(Level::INFO)
        .with_target("pocketflow", Level::DEBUG);
    tracing_subscriber::registry()
        .with(layer.with_filter(levels))
        .try_init()?;
    Ok(provider)
}
