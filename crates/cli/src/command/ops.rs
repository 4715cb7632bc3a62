//! `coldpress ops`: the operators, their parameters and defaults.

use coldpress::operator::{OperatorSpec, ParamSpec, Registry};
use coldpress::report::{Align, Table};

use crate::failure::{Failure, code};
use crate::output;

/// Show the operators, or one of them with its parameters
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The operator's name
    name: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let registry = coldpress::ops::builtin();
    let text = match &args.name {
        None => list(&registry),
        Some(name) if registry.get(name).is_none() && registry.is_foreign(name) => format!(
            "{name}\n\n{}\n",
            output::wrapped(
                "An operator of Data-Juicer, which runs in Data-Juicer's own Python package if the recipe's `python` has it: see docs/python.md. Its parameters are those that it has there.",
                "",
                0
            ).trim_end()
        ),
        Some(name) => {
            let unknown = || {
                let help = match registry.suggest(name) {
                    Some(known) => format!(", did you mean `{known}`?"),
                    None => "; `coldpress ops` lists the operators".to_owned(),
                };
                Failure::usage(format!("unknown operator `{name}`{help}"))
            };
            manual(registry.get(name).ok_or_else(unknown)?)
        }
    };
    output::print(&text)?;
    Ok(code::DONE)
}

fn list(registry: &Registry) -> String {
    let mut table = Table::new([("OPERATOR", Align::Left), ("WHAT IT DOES", Align::Left)]);
    for spec in registry.iter() {
        table.row([spec.name(), spec.summary()]);
    }
    table.render()
}

fn manual(spec: &OperatorSpec) -> String {
    let mut text = format!("{} ({})\n\n", spec.name(), spec.kind());
    text.push_str(if spec.long_doc().is_empty() {
        spec.summary()
    } else {
        spec.long_doc()
    });
    text.push_str("\n\nParameters of its own:\n");
    text.push_str(&params(spec.params()));
    text.push_str("\nParameters that all operators of its kind have:\n");
    text.push_str(&params(&spec.base_params()));
    text
}

fn params(specs: &[ParamSpec]) -> String {
    if specs.is_empty() {
        return "  none\n".to_owned();
    }
    let describe = |spec: &ParamSpec| {
        let doc: Vec<&str> = spec.doc.lines().map(str::trim).collect();
        format!(
            "  {} ({}, default {})\n{}",
            spec.name,
            spec.kind,
            spec.default,
            output::wrapped(&doc.join(" "), "      ", 6)
        )
    };
    specs.iter().map(describe).collect()
}
