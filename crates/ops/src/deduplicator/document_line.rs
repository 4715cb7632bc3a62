//! # What it does
//! Cuts lines out that occur in many records, such as menus and footers. No record is dropped, but a text may become empty.
//!
//! # Parameters
//! `frequency_threshold` is the greatest number of records that may have a line. The others say which lines always stay and
//! which differences between two lines do not count.
//!
//! # Example
//! With `frequency_threshold: 1`, the texts `menu⏎one` and `menu⏎two` become `one` and `two`.
//!
//! # Notes on determinism
//! Pure: the lines of all records and the parameters decide. Lines are compared by their MD5 digests, as Data-Juicer does it.

use coldpress_operator::{
    Changes, Global, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved, Rule,
    Signature, SignatureForm, Signer, params,
};

use crate::fingerprint::digest::Md5Digest;
use crate::fingerprint::lines::{LineHasher, LineOptions};

params! {
    /// Parameters of `document_line_deduplicator`.
    pub(crate) struct DocumentLineParams {
        /// The greatest number of records that may have a line.
        frequency_threshold: u64 = 6;
        /// Whether upper and lower case are the same.
        lowercase: bool = false;
        /// Whether whitespace, digits and ASCII punctuation are left out.
        ignore_special_character: bool = false;
        /// Lines of fewer characters stay.
        min_line_length: u64 = 2;
        /// Whether lines of brackets and semicolons only stay.
        skip_brackets: bool = true;
        /// Whether lines that start with `#` stay.
        skip_markdown_headers: bool = true;
        /// Whether lines that start with `\begin{` or `\end{` stay.
        skip_latex_env: bool = true;
        /// Whether lines of one HTML tag stay.
        skip_html_tags: bool = true;
    }
}

/// The description of `document_line_deduplicator`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::deduplicator(
        "document_line_deduplicator",
        "Cuts lines out that occur in many records.",
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
    let signed_by = serde_json::json!({
        "lowercase": params.lowercase,
        "ignore_special_character": params.ignore_special_character,
        "min_line_length": params.min_line_length,
        "skip_brackets": params.skip_brackets,
        "skip_markdown_headers": params.skip_markdown_headers,
        "skip_latex_env": params.skip_latex_env,
        "skip_html_tags": params.skip_html_tags,
    });
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
        let text = record.text(0)?;
        let (mut digests, mut nth) = (Vec::<Md5Digest>::new(), 0);
        self.0.each(text, |_, digest| {
            if let Some(digest) = digest {
                digests.extend(parts.binary_search(&nth).is_ok().then_some(digest));
                nth += 1;
            }
        });
        let mut cuts = Vec::new();
        // A line that occurs in too many records does so wherever it stands.
        self.0
            .cuts(text, |digest| digests.contains(digest), &mut cuts);
        let edits = changes.field(0);
        cuts.into_iter().for_each(|cut| edits.delete(cut));
        Ok(())
    }
}
