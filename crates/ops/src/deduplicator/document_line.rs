//! # What it does
//! Cuts out lines that occur in many records, such as menus and footers. No record is dropped, but a text may become empty.
//!
//! # Parameters
//! `frequency_threshold` is the greatest number of records that may have a line. The other parameters control which lines always
//! stay, and which differences between two lines do not count.
//!
//! # Example
//! With `frequency_threshold: 1`, the texts `menu⏎one` and `menu⏎two` become `one` and `two`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the lines of all records and the parameters. Lines are compared by 128 bits of their SHA-256
//! digests.

use coldpress_operator::{
    Changes, Global, OperatorSpec, ParamError, Params, Record, RecordError, ResolveContext,
    Resolved, Rule, Signature, SignatureForm, Signer, params,
};

use super::document::DIGEST;
use crate::fingerprint::lines::{LineHasher, LineOptions};

params! {
    /// Parameters of `document_line_deduplicator`.
    pub(crate) struct DocumentLineParams {
        /// The greatest number of records that may have a line.
        frequency_threshold: u64 = 6;
        /// If set, upper and lower case are the same.
        lowercase: bool = false;
        /// If set, whitespace, digits and ASCII punctuation are left out. Lines that consist of nothing else are then all the same.
        ignore_special_character: bool = false;
        /// Lines of fewer characters stay.
        min_line_length: u64 = 2;
        /// If set, lines of only brackets and semicolons stay.
        skip_brackets: bool = true;
        /// If set, lines that start with `#` stay.
        skip_markdown_headers: bool = true;
        /// If set, lines that start with `\begin{` or `\end{` stay.
        skip_latex_env: bool = true;
        /// If set, lines that are one HTML tag stay, and so do lines that start with an unclosed one.
        skip_html_tags: bool = true;
    }
}

/// Returns the description of `document_line_deduplicator`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::deduplicator(
        "document_line_deduplicator",
        "Cuts out lines that occur in many records.",
        resolve,
    )
    .doc(&super::manual(include_str!("document_line.rs")))
}

fn resolve(
    params: DocumentLineParams,
    _: &mut ResolveContext<'_>,
) -> Result<Global<LineSigner>, ParamError> {
    let options = LineOptions {
        lowercase: params.lowercase,
        ignore_special_character: params.ignore_special_character,
        min_line_length: usize::try_from(params.min_line_length).unwrap_or(usize::MAX),
        skip_brackets: params.skip_brackets,
        skip_markdown_headers: params.skip_markdown_headers,
        skip_latex_env: params.skip_latex_env,
        skip_html_tags: params.skip_html_tags,
    };
    let signer = Resolved::new(move || LineSigner(LineHasher::new(options)));
    let rule = Rule::FrequentParts {
        threshold: params.frequency_threshold,
    };
    let mut signed_by = params.to_json();
    if let Some(params) = signed_by.as_object_mut() {
        params.remove("frequency_threshold");
        params.insert(DIGEST.0.to_owned(), DIGEST.1.into());
    }
    Ok(Global::new(signer, SignatureForm::Digests, rule).signed_by(signed_by))
}

pub(crate) struct LineSigner(LineHasher);

impl Signer for LineSigner {
    fn sign(&mut self, record: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError> {
        let digests = &mut signature.digests;
        self.0.each(record.text(0)?, |_, digest| {
            digests.extend(digest.map(u128::from_be_bytes));
        });
        Ok(())
    }

    fn cut(
        &mut self,
        record: &Record<'_>,
        parts: &[u64],
        changes: &mut Changes,
    ) -> Result<(), RecordError> {
        let mut cuts = Vec::new();
        self.0.cuts(record.text(0)?, parts, &mut cuts);
        let edits = changes.field(0);
        cuts.into_iter().for_each(|cut| edits.delete(cut));
        Ok(())
    }
}
