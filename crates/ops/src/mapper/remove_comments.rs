//! # What it does
//! Removes the comments of a LaTeX document.
//!
//! A comment begins with a `%` that has no backslash before it (or an even number of them) and ends with its line. A line with
//! nothing before its comment is removed as a whole. Blanks before a comment are removed with it. A `%` right at the end of a line
//! stays, because LaTeX would put a space there without it.
//!
//! With `compat: data_juicer`, the character before a comment is removed too, whatever it is, even the line end before a comment
//! line; a `%` after `\\` doesn't begin a comment; and indented comment lines leave a line of blanks.
//!
//! # Parameters
//! `inline` and `multiline`, see below. `doc_type` has no effect: all documents are treated as LaTeX.
//!
//! # Example
//! `text % note\n% more\nend` becomes `text\nend`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};

use crate::text::latex::comments::{find_comments, find_inline_loosely, find_lines_loosely};
use crate::text::passes::Passes;

params! {
    /// Parameters of `remove_comments_mapper`.
    pub(crate) struct RemoveCommentsParams {
        /// The kind of document; it has no effect.
        doc_type: Vec<String> = vec!["tex".to_owned()];
        /// If set, comments after other text are removed.
        inline: bool = true;
        /// If set, lines that are comments are removed.
        multiline: bool = true;
    }
}

/// Returns the description of `remove_comments_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::mapper(
        "remove_comments_mapper",
        "Removes the comments of a LaTeX document.",
        resolve,
    )
    .doc(&super::manual(include_str!("remove_comments.rs")))
}

fn resolve(
    params: RemoveCommentsParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<RemoveCommentsMapper>, ParamError> {
    let mapper = RemoveCommentsMapper {
        inline: params.inline,
        whole_lines: params.multiline,
        loosely: context.compat().then(Passes::default),
    };
    Ok(Resolved::new(move || mapper.clone()))
}

#[derive(Clone)]
struct RemoveCommentsMapper {
    inline: bool,
    whole_lines: bool,
    /// If set, comments are removed as in Data-Juicer, whose second pass works on the result of the first.
    loosely: Option<Passes>,
}

impl Mapper for RemoveCommentsMapper {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let edits = changes.field(0);
        let Some(passes) = &mut self.loosely else {
            find_comments(text, self.inline, self.whole_lines, |range| {
                edits.delete(range);
            });
            return Ok(());
        };
        passes.begin();
        if self.inline {
            passes.run(text, |text, edit| {
                find_inline_loosely(text, |range| edit(range, ""));
            });
        }
        if self.whole_lines {
            passes.run(text, |text, edit| {
                find_lines_loosely(text, |range| edit(range, ""));
            });
        }
        passes.report(|range, with| edits.replace(range, with));
        Ok(())
    }
}
