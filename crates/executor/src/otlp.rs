//! The form in which spans go to an OpenTelemetry collector: OTLP over HTTP, as JSON.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding> describes it: ids are hexadecimal, 64-bit integers
//! are strings. The official crates would add eighteen dependencies, among them an SDK with global state, for these few fields.

use serde_json::{Value, json};

/// A stretch of time in which a job did something.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) id: SpanId,
    /// The span that this one is a part of.
    pub(crate) parent: Option<SpanId>,
    pub(crate) name: &'static str,
    /// Seconds since 1970.
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) attributes: Vec<(&'static str, Value)>,
    /// What went wrong.
    pub(crate) error: Option<String>,
}

/// The id of a span, unique within its trace. It is never 0, which OTLP does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpanId(pub(crate) u64);

/// What all spans of a run have in common.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// 32 hexadecimal digits.
    pub(crate) trace_id: String,
    pub(crate) job_id: String,
    pub(crate) host: String,
    pub(crate) pid: u32,
}

/// Makes the body of a request.
pub(crate) fn request(origin: &Origin, spans: &[Span]) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [
        ("service.name", json!("coldpress")),
        ("service.version", json!(version)),
        ("service.instance.id", json!(origin.job_id)),
        ("host.name", json!(origin.host)),
        ("process.pid", json!(origin.pid)),
    ];
    let spans: Vec<Value> = spans.iter().map(|span| of_span(origin, span)).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": attributes(&resource) },
        "scopeSpans": [{ "scope": { "name": "coldpress", "version": version }, "spans": spans }],
    }] })
}

fn of_span(origin: &Origin, span: &Span) -> Value {
    /// The kind of a span that is neither sent nor received.
    const INTERNAL: u8 = 1;
    /// Codes of a status.
    const OK: u8 = 1;
    const ERROR: u8 = 2;
    let status = match &span.error {
        None => json!({ "code": OK }),
        Some(message) => json!({ "code": ERROR, "message": message }),
    };
    json!({
        "traceId": origin.trace_id,
        "spanId": span.id.hex(),
        "parentSpanId": span.parent.map(SpanId::hex).unwrap_or_default(),
        "name": span.name,
        "kind": INTERNAL,
        "startTimeUnixNano": nanos(span.start),
        "endTimeUnixNano": nanos(span.end.max(span.start)),
        "attributes": attributes(&span.attributes),
        "status": status,
    })
}

impl SpanId {
    fn hex(self) -> String {
        format!("{:016x}", self.0)
    }
}

/// A time as JSON: a string, because JavaScript could not hold the integer.
fn nanos(seconds: f64) -> String {
    format!("{:.0}", seconds * 1e9)
}

fn attributes(all: &[(&'static str, Value)]) -> Vec<Value> {
    let of_one = |(key, value): &(&'static str, Value)| {
        let value = match value {
            Value::Bool(value) => json!({ "boolValue": value }),
            Value::Number(value) if value.is_f64() => json!({ "doubleValue": value }),
            Value::Number(value) => json!({ "intValue": value.to_string() }),
            Value::String(value) => json!({ "stringValue": value }),
            other => json!({ "stringValue": other.to_string() }),
        };
        json!({ "key": key, "value": value })
    };
    all.iter().map(of_one).collect()
}

/// Returns the address that spans are posted to: one without a path gets the usual path.
pub(crate) fn address(endpoint: &str) -> String {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("", endpoint));
    match rest.split_once('/') {
        None | Some((_, "")) => format!("{scheme}://{}/v1/traces", rest.trim_end_matches('/')),
        Some(_) => endpoint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_the_form_of_the_protocol() {
        let origin = Origin {
            trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
            job_id: "web".to_owned(),
            host: "node7".to_owned(),
            pid: 7,
        };
        let span = Span {
            id: SpanId(0xb7),
            parent: Some(SpanId(1)),
            name: "attempt",
            start: 1_700_000_000.5,
            end: 1_700_000_001.0,
            attributes: vec![
                ("coldpress.partition", json!(3)),
                ("coldpress.rate", json!(0.5)),
            ],
            error: Some("no luck".to_owned()),
        };
        let request = request(&origin, &[span]);
        let sent = &request["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!(
            *sent,
            json!({
                "traceId": "0af7651916cd43dd8448eb211c80319c",
                "spanId": "00000000000000b7",
                "parentSpanId": "0000000000000001",
                "name": "attempt",
                "kind": 1,
                "startTimeUnixNano": "1700000000500000000",
                "endTimeUnixNano": "1700000001000000000",
                "attributes": [
                    { "key": "coldpress.partition", "value": { "intValue": "3" } },
                    { "key": "coldpress.rate", "value": { "doubleValue": 0.5 } },
                ],
                "status": { "code": 2, "message": "no luck" },
            })
        );
    }

    #[test]
    fn an_address_without_a_path_gets_the_usual_one() {
        for (endpoint, expected) in [
            ("http://localhost:4318", "http://localhost:4318/v1/traces"),
            ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
            (
                "https://example.org/otlp/v1/traces",
                "https://example.org/otlp/v1/traces",
            ),
        ] {
            assert_eq!(address(endpoint), expected);
        }
    }
}
