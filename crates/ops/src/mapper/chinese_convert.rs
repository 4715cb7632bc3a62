//! # What it does
//! Converts Chinese text between simplified and traditional characters, and to or from the variants of Taiwan, Hong Kong and Japan,
//! by phrases first, and by single characters if no phrase is known.
//!
//! The results are those of OpenCC 1.1.9. Its dictionaries are built in.
//!
//! # Parameters
//! `mode`, see below.
//!
//! # Example
//! With `s2t`, `头发` becomes `頭髮` and `发现` becomes `發現`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the mode. With `compat`, the text after a NUL character is lost, as in
//! Data-Juicer.

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};

use crate::text::chinese::{Converter, MODES};

params! {
    /// Parameters of `chinese_convert_mapper`.
    pub(crate) struct ChineseConvertParams {
        /// The source and the target: `s2t`, `t2s`, `s2tw`, `tw2s`, `s2hk`, `hk2s`, `s2twp`, `tw2sp`, `t2tw`, `tw2t`, `hk2t`,
        /// `t2hk`, `t2jp` or `jp2t`. `s` is simplified, `t` traditional, `tw` Taiwan, `hk` Hong Kong, `jp` Japan; a `p` at the end
        /// replaces idioms as well.
        mode: String = "s2t".to_owned();
    }
}

/// Returns the description of `chinese_convert_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "chinese_convert_mapper",
        "Converts between simplified and traditional Chinese.",
        resolve,
    )
    .doc(&super::manual(include_str!("chinese_convert.rs")))
}

fn resolve(
    params: ChineseConvertParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<ChineseConvertMapper>, ParamError> {
    let mode = params.mode;
    if !MODES.contains(&mode.as_str()) {
        let modes = MODES.join(", ");
        return Err(ParamError::new(
            "mode",
            format_args!("must be one of {modes}, found `{mode}`"),
        ));
    }
    let stops_at_nul = context.compat();
    Ok(Resolved::new(move || ChineseConvertMapper {
        // The mode was checked, so there is a converter.
        converter: Converter::new(&mode),
        stops_at_nul,
    }))
}

struct ChineseConvertMapper {
    converter: Option<Converter>,
    stops_at_nul: bool,
}

impl Mapper for ChineseConvertMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let edits = changes.field(0);
        let nul = if self.stops_at_nul {
            memchr::memchr(0, text.as_bytes())
        } else {
            None
        };
        let end = nul.unwrap_or(text.len());
        if let Some(converter) = &mut self.converter {
            converter.convert(&text[..end], |range, with| edits.replace(range, with));
        }
        if end < text.len() {
            edits.delete(end..text.len());
        }
        Ok(())
    }
}
