//! An observer that counts, and the page on which Prometheus reads what it counted.
//!
//! Labels are names of functions, of exports that there are, and of kinds of failures: what a visitor sends is no label, and
//! cannot make more of them.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use hostfn::{HostCall, Observer, PluginCallEnd};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder, exponential_buckets};

/// What is counted.
pub(crate) struct Metrics {
    registry: Registry,
    host_calls: IntCounterVec,
    host_call_seconds: HistogramVec,
    plugin_calls: IntCounterVec,
    plugin_call_seconds: HistogramVec,
    responses: IntCounterVec,
}

impl Metrics {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            prometheus::Result::Ok(counter)
        };
        let histogram = |name: &str, help: &str, labels: &[&str]| {
            // From a read that is in memory, 50 microseconds, to what a call may take at most, 5 seconds.
            let options = HistogramOpts::new(name, help).buckets(exponential_buckets(0.000_05, 3.2, 11)?);
            let histogram = HistogramVec::new(options, labels)?;
            registry.register(Box::new(histogram.clone()))?;
            prometheus::Result::Ok(histogram)
        };
        Ok(Self {
            host_calls: counter(
                "hostfn_host_calls_total",
                "Host calls, by what they were answered",
                &["plugin", "function", "outcome"],
            )?,
            host_call_seconds: histogram(
                "hostfn_host_call_seconds",
                "How long the host took for a host call",
                &["plugin", "function"],
            )?,
            plugin_calls: counter(
                "hostfn_plugin_calls_total",
                "Plugin calls, by how they ended",
                &["plugin", "export", "outcome"],
            )?,
            plugin_call_seconds: histogram(
                "hostfn_plugin_call_seconds",
                "How long a plugin call took, without waiting for an instance",
                &["plugin", "export"],
            )?,
            responses: counter("http_responses_total", "Answers to visitors, by status", &["status"])?,
            registry,
        })
    }

    /// Counts an answer to a visitor.
    pub(crate) fn answered(&self, status: u16) {
        self.responses.with_label_values(&[&status.to_string()]).inc();
    }

    /// All that was counted, as Prometheus reads it.
    fn text(&self) -> prometheus::Result<String> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// It runs on the guest's thread, before the guest has its answer: it counts, and waits for nothing.
impl Observer for Metrics {
    fn host_call(&self, call: &HostCall<'_>) {
        let (plugin, function) = (call.caller.plugin(), call.function.name());
        let outcome = call.error.map_or("success", |code| code.as_str());
        self.host_calls.with_label_values(&[plugin, function, outcome]).inc();
        self.host_call_seconds.with_label_values(&[plugin, function]).observe(call.duration.as_secs_f64());
    }

    fn plugin_call(&self, call: &PluginCallEnd<'_>) {
        let outcome = call.error.map_or("success", |error| error.code());
        self.plugin_calls.with_label_values(&[call.plugin, call.export, outcome]).inc();
        self.plugin_call_seconds.with_label_values(&[call.plugin, call.export]).observe(call.duration.as_secs_f64());
    }
}

/// The page, for a listener of its own.
pub(crate) fn router(metrics: Arc<Metrics>) -> Router {
    Router::new().route("/metrics", get(page)).with_state(metrics)
}

async fn page(State(metrics): State<Arc<Metrics>>) -> Response {
    match metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
