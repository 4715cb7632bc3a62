//! # What it does
//! Removes the comments of a LaTeX document.
//!
//! A comment begins with a `%` that has no backslash before it (or an even number of them) and ends with its line. A line
//! that has nothing before its comment goes as a whole. Blanks before a comment go with it. A `%` right at the end of a
//! line is not removed, because LaTeX puts a space there otherwise.
//!
//! With `compat: data_juicer`, the character before a comment goes too, whatever it is, also the line end before a line
//! that is a comment; a `%` behind `\\` begins no comment; and indented comment lines leave a line of blanks.
//!
//! # Parameters
//! `inline` and `multiline`, see below. `doc_type` has no effect: all documents are taken for LaTeX.
//!
//! # Example
//! `text % note\n% more\nend` becomes `text\nend`.
//!
//! # Notes on determinism
//! Pure: the text and the parameters decide.

use coldpress_operator::{
    Changes, Mapper, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    params,
};

use crate::text::latex::comments::{find_comments, find_inline_loosely, find_lines_loosely};
use crate::text::passes::Passes;

params! {
    /// Parameters of `remove_comments_mapper`.
    pub(crate) struct RemoveCommentsParams {
        /// The kind of document; without effect.
        doc_type: Vec<String> = vec!["tex".to_owned()];
        /// Whether comments behind something else are removed.
        inline: bool = true;
        /// Whether lines are removed that are comments.
        multiline: bool = true;
    }
}

/// The description of `remove_comments_mapper`.
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
    /// Set to do as Data-Juicer does, whose second pass sees what the first has left.
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
