//! # What it does
//! Repairs text that was decoded wrongly: mojibake, character references, control characters, curly quotes, odd line ends. It then
//! converts the text to a Unicode normal form.
//!
//! The results are those of `ftfy.fix_text` with its default settings. With `compat: data_juicer`, it only knows the characters of
//! Unicode 14, the version of Python 3.11.
//!
//! # Parameters
//! `normalization`, see below.
//!
//! # Example
//! `schÃ¶n &amp; “gut”` becomes `schön & "gut"`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};

use crate::text::fix_unicode::{Normalization, Normalizer, fix_text};
use crate::unicode;

params! {
    /// Parameters of `fix_unicode_mapper`.
    pub(crate) struct FixUnicodeParams {
        /// The normal form: NFC (the default), NFKC, NFD or NFKD, in upper or lower case.
        normalization: Option<String> = None;
    }
}

/// Returns the description of `fix_unicode_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "fix_unicode_mapper",
        "Repairs wrongly decoded text and normalises it.",
        resolve,
    )
    .doc(&super::manual(include_str!("fix_unicode.rs")))
}

fn resolve(
    params: FixUnicodeParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<FixUnicodeMapper>, ParamError> {
    let form = match params
        .normalization
        .unwrap_or_default()
        .to_uppercase()
        .as_str()
    {
        "" | "NFC" => Normalization::Nfc,
        "NFKC" => Normalization::Nfkc,
        "NFD" => Normalization::Nfd,
        "NFKD" => Normalization::Nfkd,
        other => {
            let expected = format_args!("must be NFC, NFKC, NFD or NFKD, found `{other}`");
            return Err(ParamError::new("normalization", expected));
        }
    };
    let unicode = unicode::version(context);
    let form = Normalizer { form, unicode };
    Ok(Resolved::new(move || FixUnicodeMapper(form)))
}

struct FixUnicodeMapper(Normalizer);

impl Mapper for FixUnicodeMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        if let Some(fixed) = fix_text(text, self.0) {
            changes.field(0).replace_all(text, &fixed);
        }
        Ok(())
    }
}
