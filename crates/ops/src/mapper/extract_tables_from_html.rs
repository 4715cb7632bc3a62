//! # What it does
//! Extracts the tables of an HTML text: the texts of their cells, or their markup, in a list under `__dj__meta__`. The text stays
//! as it is.
//!
//! Outer tables come before inner ones, and the rows of an inner table are rows of the outer one too. Rows without cells and tables
//! without rows are left out. A record that has the list already keeps it.
//!
//! The text is read as Python's `html.parser` and Beautiful Soup read it, not as browsers do: only end tags close anything, so a
//! cell without one holds everything after it. A record whose tables would be more than 64 times larger than its text, because they
//! are nested in each other, goes to quarantine.
//!
//! # Parameters
//! `tables_field_name`, `retain_html_tags` and `include_header`, see below.
//!
//! # Example
//! `<table><tr><th>A</th></tr><tr><td> 1 </td></tr></table>` gives `[[["A"], ["1"]]]`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};
use serde_json::Value;

use super::json_field::meta;
use crate::text::soup::{Nested, markup_of_tables, rows_of_tables};

params! {
    /// Parameters of `extract_tables_from_html_mapper`.
    pub(crate) struct ExtractTablesFromHtmlParams {
        /// The key under `__dj__meta__` that the tables are written to.
        tables_field_name: String = "html_tables".to_owned();
        /// If set, the markup of the tables is kept instead of the texts of their cells.
        retain_html_tags: bool = false;
        /// If set, rows with a header cell are kept. It has no effect on markup.
        include_header: bool = true;
    }
}

/// Returns the description of `extract_tables_from_html_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "extract_tables_from_html_mapper",
        "Extracts the tables of an HTML text.",
        resolve,
    )
    .doc(&super::manual(include_str!("extract_tables_from_html.rs")))
}

fn resolve(
    params: ExtractTablesFromHtmlParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<ExtractTablesFromHtmlMapper>, ParamError> {
    let fields = [context.text_key.clone(), meta(&params.tables_field_name)];
    Ok(
        Resolved::new(move || ExtractTablesFromHtmlMapper(params.clone()))
            .fields(fields)
            .sets_values(),
    )
}

struct ExtractTablesFromHtmlMapper(ExtractTablesFromHtmlParams);

impl Mapper for ExtractTablesFromHtmlMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        if record.json(1).is_some_and(|known| known != "null") {
            return Ok(());
        }
        let text = record.text(0)?;
        let tables = if self.0.retain_html_tags {
            markup_of_tables(text).map(Value::from)
        } else {
            rows_of_tables(text, self.0.include_header).map(Value::from)
        };
        changes.set(1, tables.map_err(too_large)?);
        Ok(())
    }
}

fn too_large(_: Nested) -> RecordError {
    RecordError::new(
        "the tables of the text are nested in each other so deeply that they would be more than 64 times larger than it",
    )
}
