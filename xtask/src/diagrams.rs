//! `cargo xtask diagrams`: the pictures of `docs/diagrams/`, drawn from the text beside them.
//!
//! A picture consists of rows of boxes, with arrows between them. Its author says what is in which row, but not where; the places
//! follow from the order and the lengths of the texts. A picture in which something would cover something else is not written.

mod draw;
mod geometry;
mod layout;
mod overlap;
mod route;
mod source;
mod text;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use source::Diagram;

const FOLDER: &str = "docs/diagrams";

/// The picture that has a box for every crate.
const CRATES: &str = "components.yaml";

/// Draws all pictures; with `--check`, only compares them.
///
/// # Errors
/// Fails when a source is wrong, or when a picture cannot be written or is out of date.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let check = match args {
        [] => false,
        [only] if only == "--check" => true,
        _ => bail!("`diagrams` takes `--check` or nothing"),
    };
    for source in sources()? {
        let drawn = read(&source).and_then(|diagram| picture(&diagram));
        let drawn = drawn.with_context(|| name(&source))?;
        let picture = source.with_extension("svg");
        if check {
            let there = std::fs::read_to_string(&picture).unwrap_or_default();
            ensure!(
                there == drawn,
                "{} is not up to date; run `cargo xtask diagrams`",
                name(&picture)
            );
            println!("{} is up to date", name(&picture));
        } else {
            std::fs::write(&picture, drawn)
                .with_context(|| format!("cannot write {}", name(&picture)))?;
            println!("wrote {}", name(&picture));
        }
    }
    Ok(())
}

/// Returns the texts from which pictures are drawn, by name.
fn sources() -> Result<Vec<PathBuf>> {
    let folder = crate::root().join(FOLDER);
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot list {FOLDER}"))?;
    let mut sources = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|suffix| suffix == "yaml") {
            sources.push(path);
        }
    }
    sources.sort();
    ensure!(!sources.is_empty(), "{FOLDER} has no *.yaml");
    Ok(sources)
}

fn read(path: &Path) -> Result<Diagram> {
    let text = std::fs::read_to_string(path).context("cannot be read")?;
    let diagram = Diagram::parse(&text)?;
    if path.file_name().is_some_and(|name| name == CRATES) {
        has_every_crate(&diagram)?;
    }
    Ok(diagram)
}

/// Draws a picture, after checking that nothing in it covers anything else.
fn picture(diagram: &Diagram) -> Result<String> {
    let (placed, arrows) = layout::lay_out(diagram)?;
    let faults = overlap::faults(&placed, &arrows);
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(draw::svg(diagram, &placed, &arrows))
}

fn has_every_crate(diagram: &Diagram) -> Result<()> {
    let drawn = diagram.boxes();
    for entry in std::fs::read_dir(crate::root().join("crates"))? {
        let folder = entry?.file_name().to_string_lossy().into_owned();
        ensure!(
            drawn.contains(&folder.as_str()),
            "the crate `{folder}` has no box; add one with this id"
        );
    }
    Ok(())
}

/// Returns the path of a file in the workspace, for messages.
fn name(path: &Path) -> String {
    let inside = path.strip_prefix(crate::root()).unwrap_or(path);
    inside.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(source: &str) -> Result<String> {
        picture(&Diagram::parse(source)?)
    }

    #[test]
    fn a_picture_says_what_it_is_and_has_its_texts() {
        let svg = drawn(
            "title: A <picture>\ndescription: Two boxes.\nrows:\n\
             - [{id: a, title: First, text: has `code` & more}]\n\
             - [{id: b, title: Second}]\narrows: ['a -> b: goes to']\n",
        )
        .unwrap();
        for part in [
            "<title id=\"title\">A &lt;picture&gt;</title>",
            "<desc id=\"desc\">Two boxes.</desc>",
            "role=\"img\"",
            "prefers-color-scheme: dark",
            "First",
            "<tspan class=\"code\">code</tspan>",
            "&amp; more",
            "goes to",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
    }

    #[test]
    fn a_source_that_is_wrong_is_told_by_name() {
        let of_one = "title: T\ndescription: D\nrows: [[{id: a, title: A}]]\n";
        for (more, expected) in [
            (
                "arrows: [a -> b]",
                "the arrow `a -> b` ends at `b`, and no box has this id",
            ),
            (
                "arrows: [a b]",
                "`a b` is not an arrow: write `a -> b`, `a <-> b` or `a --> b`",
            ),
            ("colour: red", "unknown field `colour`"),
        ] {
            let error = format!("{:#}", drawn(&format!("{of_one}{more}\n")).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
        let twice = "title: T\ndescription: D\nrows: [[{id: a, title: A}, {id: a, title: B}]]\n";
        let error = drawn(twice).unwrap_err().to_string();
        assert_eq!(error, "two boxes have the id `a`");
    }

    #[test]
    fn nothing_covers_anything_else() {
        let long = "title: T\ndescription: D\nrows:\n\
                    - [{id: a, title: incomprehensibilities}, {id: b, title: B}, {id: c, title: C}, {id: d, title: D},\n\
                       {id: e, title: E}, {id: f, title: F}, {id: g, title: G}, {id: h, title: H}]\n";
        let error = drawn(long).unwrap_err().to_string();
        assert_eq!(error, "`incomprehensibilities` is wider than the box `a`");
        let through = "title: T\ndescription: D\nrows:\n\
                       - [{id: a, title: A}]\n- [{id: b, title: B}]\n- [{id: c, title: C}]\narrows: [a -> c]\n";
        let error = drawn(through).unwrap_err().to_string();
        assert_eq!(error, "the arrow `a -> c` crosses the box `b`");
        let crossed = "title: T\ndescription: D\nrows:\n- [{id: a, title: A}, {id: b, title: B}]\n\
                       - [{id: c, title: C}, {id: d, title: D}]\narrows: [a -> d, b -> c]\n";
        let error = drawn(crossed).unwrap_err().to_string();
        assert_eq!(error, "the arrows `a -> d` and `b -> c` meet");
    }

    #[test]
    fn every_picture_of_the_docs_can_be_drawn() {
        for source in sources().unwrap() {
            let svg = read(&source).and_then(|diagram| picture(&diagram));
            assert!(svg.unwrap().ends_with("</svg>\n"), "{}", name(&source));
        }
    }
}
