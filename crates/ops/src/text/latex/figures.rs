//! Finds the figures of a LaTeX document.

use std::ops::Range;

use memchr::memmem;

use super::environments::{Arguments, Braces, Closing, find_environments};
use crate::text::python::strip;

/// A figure, or a part of one that has a caption of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// Its caption, possibly empty.
    pub caption: String,
    /// Its label, possibly empty.
    pub label: String,
    /// The paths of its images, at least one.
    pub images: Vec<String>,
    /// The caption and label of the figure that it is a part of.
    pub parent: Option<(String, String)>,
}

/// Returns the figures of a document that have images, in order.
///
/// A figure with subfigures is replaced by them: first the environments `subfigure`, then the commands `\subfigure` and `\subfloat`
/// with a caption in brackets, then those without one. A figure with several minipages is replaced by these, except for tables.
pub fn find_figures(text: &str) -> Vec<Figure> {
    let environments =
        find_environments(text, &["figure", "figure*", "wrapfigure"], Arguments::Skip);
    let figures = environments.into_iter();
    figures
        .flat_map(|figure| read_figure(&text[figure.whole]))
        .collect()
}

fn read_figure(text: &str) -> Vec<Figure> {
    let parts = subfigures(text);
    if parts.is_empty() {
        let minipages = find_environments(text, &["minipage"], Arguments::Skip);
        let bodies: Vec<&str> = match minipages.len() {
            0 | 1 => vec![text],
            _ => {
                let bodies = minipages.into_iter().map(|page| &text[page.body]);
                bodies
                    .filter(|body| argument(body, "\\captionof{table}", Star::No).is_none())
                    .collect()
            }
        };
        let figures = bodies.into_iter().map(|body| Figure {
            caption: caption(body),
            label: label(body),
            images: images(body),
            parent: None,
        });
        return figures.filter(|figure| !figure.images.is_empty()).collect();
    }
    let outside = outside(text, parts.iter().map(|part| part.whole.clone()).collect());
    let parent = (caption(&outside), label(&outside));
    let figures = parts.into_iter().map(|part| Figure {
        caption: part.caption,
        label: label(&text[part.content.clone()]),
        images: images(&text[part.content]),
        parent: Some(parent.clone()),
    });
    figures.filter(|figure| !figure.images.is_empty()).collect()
}

/// A part of a figure.
struct Part {
    whole: Range<usize>,
    content: Range<usize>,
    caption: String,
}

fn subfigures(text: &str) -> Vec<Part> {
    let environments = find_environments(text, &["subfigure"], Arguments::Skip);
    let mut parts: Vec<Part> = environments
        .into_iter()
        .map(|found| Part {
            caption: caption(&text[found.whole.clone()]),
            content: found.whole.clone(),
            whole: found.whole,
        })
        .collect();
    let mut without_caption = Vec::new();
    let braces = Braces::of(text);
    let mut closing = Closing::new(text);
    // Commands within one of the same kind are part of it.
    let (mut with_from, mut without_from) = (0, 0);
    for start in memmem::find_iter(text.as_bytes(), "\\subf") {
        let name = ["\\subfigure", "\\subfloat"]
            .iter()
            .find(|name| text[start..].starts_with(**name));
        let Some(name) = name else { continue };
        let option = start + name.len();
        let behind = closing.behind_option(option);
        let brace = text.len() - text[behind..].trim_start().len();
        let Some(content) = braces.inside(brace) else {
            continue;
        };
        let (from, list) = match behind > option {
            true => (&mut with_from, &mut parts),
            false => (&mut without_from, &mut without_caption),
        };
        if start < *from {
            continue;
        }
        *from = content.end + 1;
        let caption = text
            .get(option + 1..behind.saturating_sub(1))
            .unwrap_or_default();
        list.push(Part {
            whole: start..content.end + 1,
            content,
            caption: strip(caption).to_owned(),
        });
    }
    parts.extend(without_caption);
    parts
}

/// Returns the rest of `text` without the ranges.
fn outside(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_by_key(|range| range.start);
    let (mut out, mut done) = (String::new(), 0);
    for range in ranges {
        if range.start > done {
            out.push_str(&text[done..range.start]);
        }
        done = done.max(range.end);
    }
    out + &text[done..]
}

/// The rule for a star after a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Star {
    Maybe,
    No,
}

/// Returns the first caption.
fn caption(text: &str) -> String {
    let found = argument(text, "\\caption", Star::Maybe)
        .or_else(|| argument(text, "\\subcaption", Star::No))
        .or_else(|| argument(text, "\\captionof{figure}", Star::No));
    strip(found.unwrap_or_default()).to_owned()
}

/// Returns the argument of the first of these commands, in balanced braces and after an optional argument.
fn argument<'t>(text: &'t str, command: &str, star: Star) -> Option<&'t str> {
    let mut closing = Closing::new(text);
    let mut braces = None;
    memmem::find_iter(text.as_bytes(), command).find_map(|start| {
        let behind = start + command.len();
        let starred = star == Star::Maybe && text[behind..].starts_with('*');
        let behind = closing.behind_option(behind + usize::from(starred));
        let braces = braces.get_or_insert_with(|| Braces::of(text));
        braces.inside(behind).map(|range| &text[range])
    })
}

/// Returns the first label.
fn label(text: &str) -> String {
    let mut closing = Closing::new(text);
    let mut labels = memmem::find_iter(text.as_bytes(), "\\label{");
    let label = labels.find_map(|start| {
        let start = start + "\\label{".len();
        let end = closing.brace(start)?;
        (end > start).then(|| &text[start..end])
    });
    strip(label.unwrap_or_default()).to_owned()
}

/// Returns the paths of all images.
fn images(text: &str) -> Vec<String> {
    let mut closing = Closing::new(text);
    let mut from = 0;
    let mut images = Vec::new();
    for command in memmem::find_iter(text.as_bytes(), "\\includegraphics") {
        let behind = closing.behind_option(command + "\\includegraphics".len());
        if command < from || !text[behind..].starts_with('{') {
            continue;
        }
        if let Some(end) = closing.brace(behind).filter(|end| *end > behind + 1) {
            images.push(strip(&text[behind + 1..end]).to_owned());
            from = end + 1;
        }
    }
    images
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_within_parts_do_not_hide_the_caption_of_the_figure() {
        let text = "\\begin{figure}\\begin{subfigure}{1}\\subfloat[s]{\\includegraphics{a}}\\end{subfigure}\
                    \\caption{Whole}\\label{w}\\end{figure}";
        let figures = find_figures(text);
        let parent = Some(("Whole".to_owned(), "w".to_owned()));
        assert!(
            figures.iter().all(|figure| figure.parent == parent),
            "{figures:?}"
        );
        assert_eq!(figures.len(), 2);
    }

    #[test]
    fn what_is_left_open_is_nothing() {
        for text in [
            "\\begin{figure}\\includegraphics{a",
            "\\begin{figure}\\includegraphics{\\end{figure}",
            "\\begin{figure}\\includegraphics[\\end{figure}",
            "\\begin{figure}\\subfloat[\\includegraphics{a}\\end{figure}",
        ] {
            let found = find_figures(text);
            assert!(
                found.iter().all(|figure| figure.caption.is_empty()),
                "{text}: {found:?}"
            );
        }
    }
}
