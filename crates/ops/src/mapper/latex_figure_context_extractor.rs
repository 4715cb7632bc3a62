//! # What it does
//! Makes a record out of each figure of a LaTeX document, with its caption, its images, and the paragraphs that refer to it.
//!
//! It knows the environments `figure`, `figure*` and `wrapfigure`. A figure with subfigures (`subfigure`, `\subfloat`) or with
//! several minipages becomes a record for each of these. Figures without `\includegraphics` are left out, and so are documents
//! without any other figure. Commands in comments count; run `remove_comments_mapper` first to avoid that.
//!
//! Each record has the fields of the document. These fields are overwritten: the paths of the images (a list), caption and label,
//! the paragraphs (a list), and, for a part of a figure, the caption and label of the whole. Paragraphs are searched for outside of
//! floats, formulas and listings. A subfigure also gets those that refer to the whole figure.
//!
//! # Parameters
//! The commands that make references and the names of the fields, see below. Each record has all of the document's text, so a
//! document whose records would take more than 256 MiB goes to quarantine.
//!
//! # Example
//! A document with two figures becomes two records, which differ in `images`, `caption`, `label` and `citing_paragraphs`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the text and the parameters.

use std::collections::HashSet;

use coldpress_operator::{
    Children, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved, Splitter,
    params,
};

use crate::text::latex::citations::Prose;
use crate::text::latex::figures::{Figure, find_figures};

params! {
    /// Parameters of `latex_figure_context_extractor_mapper`.
    pub(crate) struct LatexFigureContextExtractorParams {
        /// The commands that refer to a label; null for `\ref`, `\cref`, `\Cref` and `\autoref`.
        citation_commands: Option<Vec<String>> = None;
        /// The separator between paragraphs.
        paragraph_separator: String = "\n\n".to_owned(), |text| !text.is_empty(), "must not be empty";
        /// The field for the caption.
        caption_key: String = "caption".to_owned();
        /// The field for the label.
        label_key: String = "label".to_owned();
        /// The field for the paragraphs that refer to the figure.
        context_key: String = "citing_paragraphs".to_owned();
        /// The field for the caption of the whole figure.
        parent_caption_key: String = "parent_caption".to_owned();
        /// The field for the label of the whole figure.
        parent_label_key: String = "parent_label".to_owned();
        /// The field for the paths of the images.
        image_key: String = "images".to_owned();
    }
}

/// Returns the description of `latex_figure_context_extractor_mapper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::splitter(
        "latex_figure_context_extractor_mapper",
        "Makes a record out of each figure of a LaTeX document, with its context.",
        resolve,
    )
    .doc(&super::manual(include_str!(
        "latex_figure_context_extractor.rs"
    )))
}

fn resolve(
    params: LatexFigureContextExtractorParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<LatexFigureContextExtractorMapper>, ParamError> {
    let commands = params.citation_commands.unwrap_or_else(|| {
        let commands = ["ref", "cref", "Cref", "autoref"];
        commands.map(str::to_owned).into()
    });
    let commands = commands.iter();
    let mapper = LatexFigureContextExtractorMapper {
        commands: commands
            .map(|name| name.trim_start_matches('\\').to_owned())
            .collect(),
        separator: params.paragraph_separator,
    };
    // The order is the one in which `split` sets them.
    let fields = [
        ("text_key", context.text_key.clone()),
        ("image_key", params.image_key),
        ("caption_key", params.caption_key),
        ("label_key", params.label_key),
        ("context_key", params.context_key),
        ("parent_caption_key", params.parent_caption_key),
        ("parent_label_key", params.parent_label_key),
    ];
    let mut known = HashSet::new();
    for (param, name) in &fields {
        if !known.insert(name) {
            let message = format_args!("must not be `{name}`, the name of another field");
            return Err(ParamError::new(param, message));
        }
    }
    let resolved = Resolved::new(move || mapper.clone());
    Ok(resolved.fields(fields.map(|(_, name)| name)).sets_values())
}

#[derive(Clone)]
struct LatexFigureContextExtractorMapper {
    commands: Vec<String>,
    separator: String,
}

/// The size of all records that are made from one document, at most.
const MOST_BYTES: usize = 256 << 20;

impl Splitter for LatexFigureContextExtractorMapper {
    fn split(&mut self, record: &Record<'_>, children: &mut Children) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let figures = find_figures(text);
        if figures.is_empty() {
            return Ok(());
        }
        let prose = Prose::read(text, &self.separator, &self.commands);
        let mut room = MOST_BYTES;
        for figure in &figures {
            let (parent_caption, parent_label) = match &figure.parent {
                Some((caption, label)) => (caption.as_str(), label.as_str()),
                None => ("", ""),
            };
            let citing = match figure.parent {
                Some(_) => prose.citing_either(parent_label, &figure.label),
                None => prose.citing(&figure.label).to_vec(),
            };
            let paragraphs = citing.iter().map(|number| prose.paragraph(*number));
            let length = text.len() + paragraphs.clone().map(str::len).sum::<usize>();
            room = room
                .checked_sub(length)
                .ok_or_else(|| too_long(&figures, text))?;
            children.push(text);
            children.set(1, figure.images.as_slice());
            children.set(2, figure.caption.as_str());
            children.set(3, figure.label.as_str());
            children.set(4, paragraphs.collect::<Vec<_>>());
            children.set(5, parent_caption);
            children.set(6, parent_label);
        }
        Ok(())
    }
}

fn too_long(figures: &[Figure], text: &str) -> RecordError {
    RecordError::new(format!(
        "the document has {} figures and {} bytes; its records would have more than {MOST_BYTES} bytes together, because \
         each has all of the text",
        figures.len(),
        text.len()
    ))
}
