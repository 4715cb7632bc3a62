//! `coldpress man`: the manual pages, for packages and for people.

use std::io;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use coldpress::storage::replace;

use crate::examples;
use crate::failure::{Failure, chain, code};
use crate::output;

/// Write the manual pages, one for each command
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder for them, such as ~/.local/share/man/man1; it is created if it does not exist
    folder: PathBuf,
}

/// A manual page: the name of its file, and its text.
#[derive(Debug)]
struct Page {
    file: String,
    text: Vec<u8>,
}

pub(super) fn run(args: &Args, command: Command) -> Result<u8, Failure> {
    let folder = &args.folder;
    std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    let pages = pages(command).map_err(|error| cannot_write(folder, &error))?;
    for page in &pages {
        let path = folder.join(&page.file);
        replace(&path, &page.text).map_err(|error| cannot_write(&path, &error))?;
    }
    output::tell(&format!("{} pages in {}", pages.len(), folder.display()));
    Ok(code::DONE)
}

fn cannot_write(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::failed(format!("cannot write {}: {}", path.display(), chain(error)))
}

/// Makes the pages of a command and of all commands below it.
fn pages(command: Command) -> io::Result<Vec<Page>> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add_pages(&command, "", &mut pages)?;
    Ok(pages)
}

fn add_pages(command: &Command, path: &str, pages: &mut Vec<Page>) -> io::Result<()> {
    pages.push(page(command, path)?);
    for below in command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
    {
        let path = format!("{path} {}", below.get_name());
        add_pages(below, path.trim(), pages)?;
    }
    Ok(())
}

fn page(command: &Command, path: &str) -> io::Result<Page> {
    let man = Man::new(command.clone());
    let mut text = title(&man.get_filename()).into_bytes();
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let mut roff = Roff::new();
    add_exit_status(&mut roff);
    add_examples(&mut roff, path);
    if !path.is_empty() {
        roff.control("SH", ["SEE ALSO"]);
        roff.text([bold("coldpress"), roman("(1)")]);
    }
    text.extend(roff.to_roff().into_bytes());
    Ok(Page {
        file: man.get_filename(),
        text,
    })
}

/// The first line of a page. It has no date, so that the same release always has the same pages.
fn title(file: &str) -> String {
    let name = file.trim_end_matches(".1").replace('-', "\\-");
    let version = env!("CARGO_PKG_VERSION");
    format!(".TH {name} 1 \"\" \"coldpress {version}\" Coldpress\n")
}

fn add_exit_status(roff: &mut Roff) {
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in code::MEANINGS {
        roff.control("TP", []);
        roff.text([bold(code)]);
        roff.text([roman(meaning)]);
    }
}

fn add_examples(roff: &mut Roff, path: &str) {
    let examples = examples::of(path);
    if examples.is_empty() {
        return;
    }
    roff.control("SH", ["EXAMPLES"]);
    for (at, example) in examples.iter().enumerate() {
        if at > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(format!("{}:", example.does))]);
        roff.control("PP", []);
        roff.control("RS", ["4"]);
        roff.control("nf", []);
        roff.text([roman(example.line)]);
        roff.control("fi", []);
        roff.control("RE", []);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_its_sections_in_the_usual_order() {
        let pages = pages(crate::command::program()).unwrap();
        let page = pages.iter().find(|page| page.file == "coldpress-process.1");
        let text = String::from_utf8(page.unwrap().text.clone()).unwrap();
        let sections: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix(".SH "))
            .collect();
        assert_eq!(
            sections,
            [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "OPTIONS",
                "\"EXIT STATUS\"",
                "EXAMPLES",
                "\"SEE ALSO\""
            ]
        );
        assert!(text.contains("\\-\\-take\\-over"), "{text}");
        assert!(
            pages
                .iter()
                .any(|page| page.file == "coldpress-quarantine-list.1")
        );
        assert!(!pages.iter().any(|page| page.file.contains("help")));
    }
}
