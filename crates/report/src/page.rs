//! The page of a job: one file that opens without a network, with its data inside.
//!
//! The page consists of a style sheet, scripts and a [`JobReport`] as JSON, which are put together here and not before: the
//! sources in `page/` are what runs. Scripts and style run by their hashes alone (`Content-Security-Policy`), so nothing
//! that is data can: neither a record, nor a path, nor a recipe. The scripts build the page from text nodes, never from
//! markup.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::job_report::JobReport;

/// The scripts, in the order in which they run.
const SCRIPTS: [&str; 14] = [
    include_str!("../page/vendor/uPlot.iife.min.js"),
    include_str!("../page/dom.js"),
    include_str!("../page/format.js"),
    include_str!("../page/charts.js"),
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

const STYLES: [&str; 2] = [
    include_str!("../page/vendor/uPlot.min.css"),
    include_str!("../page/style.css"),
];

/// Renders the page of a job.
///
/// # Errors
/// When the report cannot be written as JSON.
pub fn render_page(report: &JobReport) -> serde_json::Result<String> {
    let data = serde_json::to_string(report)?;
    let script = format!("\"use strict\";\n{}", SCRIPTS.join("\n"));
    let style = STYLES.join("\n");
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(&script),
        hash(&style)
    );
    let job = escaped(&report.overview.job_id);
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{job} – Coldpress</title>\n<style>{style}</style>\n</head>\n<body>\n\
         <noscript>This page needs JavaScript to show its data, which is all in this file.</noscript>\n\
         <main id=\"page\"></main>\n<script type=\"application/json\" id=\"report\">{data}</script>\n\
         <script>{script}</script>\n</body>\n</html>\n",
        data = harmless(&data),
    ))
}

/// Returns the hash by which a browser knows a script or a style sheet.
fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// Escapes JSON so that it ends no element and begins no comment, whatever its texts are. It stays the same JSON.
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
        // From the specification of Content Security Policy.
        assert_eq!(
            hash("doSomething()"),
            STANDARD.encode(Sha256::digest(b"doSomething()"))
        );
        assert_eq!(hash(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn scripts_and_styles_do_not_end_themselves() {
        for text in SCRIPTS {
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
