//! The page of a job: one file that opens without a network, with its data inside. Also the pages of a server: the same page, which
//! follows the job, and the page of all jobs.
//!
//! A page consists of a style sheet, scripts and a view as JSON, which are put together only here: the sources in `page/` are what
//! runs. Scripts and styles run by their hashes alone (`Content-Security-Policy`), so nothing from the data can run: neither a
//! record, nor a path, nor a recipe. The scripts build the page from text nodes, never from markup.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::comparison::JobComparison;
use crate::job_report::JobReport;
use crate::quantity::plain;

/// The scripts that all pages share, in the order in which they run.
const SHARED: [&str; 6] = [
    include_str!("../page/vendor/uPlot.iife.min.js"),
    include_str!("../page/dom.js"),
    include_str!("../page/format.js"),
    include_str!("../page/charts.js"),
    include_str!("../page/sections.js"),
    include_str!("../page/live.js"),
];

/// The scripts of the page of a job.
const OF_JOB: [&str; 10] = [
    include_str!("../page/overview.js"),
    include_str!("../page/funnel.js"),
    include_str!("../page/grid.js"),
    include_str!("../page/timeline.js"),
    include_str!("../page/statistics.js"),
    include_str!("../page/samples.js"),
    include_str!("../page/failures.js"),
    include_str!("../page/facts.js"),
    include_str!("../page/events.js"),
    include_str!("../page/main.js"),
];

/// The scripts of the page of all jobs.
const OF_JOBS: [&str; 2] = [
    include_str!("../page/overview.js"),
    include_str!("../page/jobs.js"),
];

/// The scripts of the page of two jobs.
const OF_COMPARISON: [&str; 2] = [
    include_str!("../page/overview.js"),
    include_str!("../page/compare.js"),
];

const STYLES: [&str; 2] = [
    include_str!("../page/vendor/uPlot.min.css"),
    include_str!("../page/style.css"),
];

/// A page, and the policy to serve it with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The page.
    pub html: String,
    /// Its `Content-Security-Policy`, which the page also states itself.
    pub policy: String,
}

/// The origin of a page, which decides what it may request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// A file, which has no server to ask.
    File,
    /// A server whose data will not change any more.
    Server,
    /// A server that sends the changes since this version of the data.
    Live(&'a str),
}

/// Renders the page of a job as a file.
///
/// # Errors
/// Fails when the report cannot be written as JSON.
pub fn render_page(report: &JobReport) -> serde_json::Result<String> {
    let data = serde_json::to_string(report)?;
    Ok(render_job_page(&report.overview.job_id, &data, Origin::File).html)
}

/// Renders the page of two jobs side by side as a file.
///
/// # Errors
/// Fails when the comparison cannot be written as JSON.
pub fn render_comparison_page(comparison: &JobComparison) -> serde_json::Result<String> {
    static SCRIPT: LazyLock<Part> = LazyLock::new(|| Part::script(&OF_COMPARISON));
    let [first, second] = &comparison.jobs;
    let title = format!("{} and {}", first.job_id, second.job_id);
    let data = serde_json::to_string(comparison)?;
    Ok(render(&SCRIPT, &title, &data, Origin::File).html)
}

/// Renders the page of a job from its report as JSON.
#[must_use]
pub fn render_job_page(job_id: &str, report: &str, origin: Origin<'_>) -> Page {
    static SCRIPT: LazyLock<Part> = LazyLock::new(|| Part::script(&OF_JOB));
    render(&SCRIPT, job_id, report, origin)
}

/// Renders the page of all jobs of a folder from a [`JobsView`](crate::JobsView) as JSON.
#[must_use]
pub fn render_jobs_page(view: &str, origin: Origin<'_>) -> Page {
    static SCRIPT: LazyLock<Part> = LazyLock::new(|| Part::script(&OF_JOBS));
    render(&SCRIPT, "Jobs", view, origin)
}

/// Renders a page with only a message, for when there is no other page to show.
#[must_use]
pub fn render_notice(title: &str, text: &str) -> Page {
    let policy = format!("{BASE_POLICY}; style-src 'sha256-{}'", STYLE.hash);
    let (shown_title, text) = (escaped(title), escaped(&plain(text)));
    let body = format!(
        "<header class=\"top\"><div><div class=\"name\"><h1>{shown_title}</h1></div></div></header>\n\
         <main class=\"wide\"><p>{text}</p><p><a href=\"/\">All jobs</a></p></main>"
    );
    document(title, policy, &body)
}

const BASE_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'";

/// A script or a style sheet, and the hash by which the policy allows it to run.
struct Part {
    text: String,
    hash: String,
}

static STYLE: LazyLock<Part> = LazyLock::new(|| Part::of(STYLES.join("\n")));

impl Part {
    fn of(text: String) -> Self {
        let hash = hash(&text);
        Self { text, hash }
    }

    fn script(own: &[&str]) -> Self {
        let parts = [&SHARED[..], own].concat();
        Self::of(format!("\"use strict\";\n{}", parts.join("\n")))
    }
}

fn render(script: &Part, title: &str, data: &str, origin: Origin<'_>) -> Page {
    let (connections, attributes) = match origin {
        Origin::File => ("", String::new()),
        Origin::Server => ("", " data-served".to_owned()),
        Origin::Live(version) => (
            "; connect-src 'self'",
            format!(" data-served data-since=\"{}\"", escaped(version)),
        ),
    };
    let policy = format!(
        "{BASE_POLICY}; script-src 'sha256-{}'; style-src 'sha256-{}'{connections}",
        script.hash, STYLE.hash
    );
    let body = format!(
        "<noscript>This page needs JavaScript to show its data, which is all in this file.</noscript>\n\
         <main id=\"page\"{attributes}></main>\n\
         <script type=\"application/json\" id=\"report\">{}</script>\n<script>{}</script>",
        harmless(data),
        script.text
    );
    document(title, policy, &body)
}

fn document(title: &str, policy: String, body: &str) -> Page {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{} – Coldpress</title>\n<style>{}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n",
        escaped(title),
        STYLE.text
    );
    Page { html, policy }
}

/// Returns the hash by which a browser identifies a script or a style sheet.
fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// Escapes JSON so that it ends no element and begins no comment, whatever its texts are. It is still the same JSON.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_stays_data() {
        let hostile = "</script><script>alert(1)</script><!-- \u{2028} & ]]>";
        let json = serde_json::to_string(hostile).unwrap();
        let inside = harmless(&json);
        assert!(!inside.contains(['<', '>', '&']) && inside.is_ascii());
        assert_eq!(serde_json::from_str::<String>(&inside).unwrap(), hostile);
    }

    #[test]
    fn the_hash_is_that_of_browsers() {
        // The example is from the specification of Content Security Policy.
        assert_eq!(
            hash("doSomething()"),
            STANDARD.encode(Sha256::digest(b"doSomething()"))
        );
        assert_eq!(hash(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn scripts_and_styles_do_not_end_themselves() {
        let own = OF_JOB.iter().chain(&OF_JOBS).chain(&OF_COMPARISON);
        for text in SHARED.iter().chain(own) {
            assert!(!text.contains("</script") && !text.contains("<!--"));
            for markup in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
            ] {
                assert!(!text.contains(markup) || text.contains("uPlot"), "{markup}");
            }
        }
        assert!(STYLES.iter().all(|text| !text.contains("</style")));
    }
}
