//! Examples of every command, for its help and its manual page.

/// A command line, and what it does.
#[derive(Debug)]
pub(crate) struct Example {
    /// A sentence without its full stop.
    pub(crate) does: &'static str,
    pub(crate) line: &'static str,
}

/// The examples of a command by its name without the program's, as in `jobs remove`.
const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "process",
        &[
            example(
                "Run a recipe; run the same command again to resume the job after a crash",
                "coldpress process --config recipe.yaml --job_id web",
            ),
            example(
                "Try a recipe on the first 1,000 records, with another export",
                "coldpress process --config recipe.yaml --limit 1000 --export_path /tmp/try.jsonl",
            ),
            example(
                "Change recipe keys: eight workers, a checkpoint after every operator",
                "coldpress process --config recipe.yaml --np 8 --checkpoint.strategy every_op",
            ),
        ],
    ),
    (
        "analyze",
        &[
            example(
                "See how the statistics of a recipe's filters are distributed, and what each would keep",
                "coldpress analyze --config recipe.yaml",
            ),
            example(
                "Suggest bounds between which nine of ten records lie, and write a page with histograms",
                "coldpress analyze --config recipe.yaml --suggest 5,95 --html analysis.html",
            ),
            example(
                "Look at the first 1,000 records of a dataset without a recipe",
                "coldpress analyze --auto --dataset_path data.jsonl",
            ),
        ],
    ),
    (
        "check",
        &[example(
            "Check a recipe before it runs overnight",
            "coldpress check --config recipe.yaml",
        )],
    ),
    (
        "compare",
        &[example(
            "Compare what each operator makes of 1,000 records with what Data-Juicer's makes of them",
            "coldpress compare --config recipe.yaml --records 1000 --python venv/bin/python",
        )],
    ),
    (
        "plan",
        &[example(
            "See how a dataset would be cut into partitions of 50,000 records",
            "coldpress plan --config recipe.yaml --partition.size 50000",
        )],
    ),
    (
        "jobs",
        &[
            example("List the jobs that run", "coldpress jobs --running"),
            example(
                "List the jobs of another folder, for a program",
                "coldpress jobs --base-dir /data/jobs --json",
            ),
        ],
    ),
    (
        "jobs remove",
        &[example(
            "Free the disk space of a job that is done; its export stays",
            "coldpress jobs remove web",
        )],
    ),
    (
        "jobs diff",
        &[
            example(
                "See which records other thresholds lose and gain",
                "coldpress jobs diff strict loose",
            ),
            example(
                "Write all of them to files, of jobs over other inputs",
                "coldpress jobs diff monday tuesday --key id --output differences",
            ),
        ],
    ),
    (
        "trace",
        &[
            example(
                "See why a document is not in the export",
                "coldpress trace web --id meta.url=https://example.com/",
            ),
            example(
                "See what the operators did to the first record of a file",
                "coldpress trace web --line data/web.jsonl:1",
            ),
        ],
    ),
    (
        "monitor",
        &[
            example(
                "Follow a job until it ends",
                "coldpress monitor web --watch --interval 5",
            ),
            example(
                "List every partition and checkpoint",
                "coldpress monitor web --detailed",
            ),
        ],
    ),
    (
        "report",
        &[
            example(
                "Write a page to open in a browser, or to send to someone",
                "coldpress report web --html web.html",
            ),
            example("Read the report in a terminal", "coldpress report web"),
            example(
                "Compare it with an earlier run: recipe, counts and time",
                "coldpress report web --compare web_before",
            ),
        ],
    ),
    (
        "serve",
        &[
            example(
                "Watch all jobs in a browser, at http://localhost:8080",
                "coldpress serve",
            ),
            example(
                "Serve the jobs of another folder at any free port",
                "coldpress serve --base-dir /data/jobs --listen 127.0.0.1:0",
            ),
        ],
    ),
    (
        "stop",
        &[
            example(
                "Stop a job when its workers are at the end of a batch; it can be resumed",
                "coldpress stop web",
            ),
            example(
                "List the jobs that could be stopped",
                "coldpress stop --list",
            ),
        ],
    ),
    (
        "events",
        &[
            example(
                "See what went wrong",
                "coldpress events web --level WARNING",
            ),
            example("Follow a running job", "coldpress events web --follow"),
            example(
                "See what happened to partition 17 since noon",
                "coldpress events web --partition 17 --since 2026-11-21T12:00",
            ),
        ],
    ),
    (
        "quarantine list",
        &[example(
            "See which records one operator failed on",
            "coldpress quarantine list web --op fix_unicode_mapper",
        )],
    ),
    (
        "quarantine show",
        &[example(
            "Keep the records with their reasons in a file",
            "coldpress quarantine show web > quarantine.jsonl",
        )],
    ),
    (
        "quarantine replay",
        &[example(
            "See what a mended recipe makes of the records, and keep those that get through",
            "coldpress quarantine replay web --config mended.yaml --export mended.jsonl",
        )],
    ),
    (
        "quarantine retry",
        &[example(
            "Let the next run retry the records that killed worker processes",
            "coldpress quarantine retry web",
        )],
    ),
    (
        "checkpoint list",
        &[example(
            "See where a new job could begin, for the recipe key `resume_from`",
            "coldpress checkpoint list web",
        )],
    ),
    (
        "checkpoint analyze",
        &[example(
            "See how much space the checkpoints of a job take",
            "coldpress checkpoint analyze outputs/partition-checkpoint-eventlog/web",
        )],
    ),
    (
        "checkpoint migrate",
        &[example(
            "Write the checkpoints of a job as JSON lines that people can read",
            "coldpress checkpoint migrate outputs/partition-checkpoint-eventlog/web --to jsonl",
        )],
    ),
    (
        "checkpoint verify",
        &[example(
            "Read everything that a job relies on, and report what is damaged",
            "coldpress checkpoint verify outputs/partition-checkpoint-eventlog/web",
        )],
    ),
    (
        "checkpoint clean",
        &[
            example(
                "See what would be removed",
                "coldpress checkpoint clean outputs/partition-checkpoint-eventlog/web --dry-run",
            ),
            example(
                "Clean all jobs of a bucket",
                "coldpress checkpoint clean s3://bucket/jobs --storage-options region=eu-central-1",
            ),
        ],
    ),
    (
        "ops",
        &[
            example("List all operators", "coldpress ops"),
            example(
                "Show one of them with its parameters",
                "coldpress ops text_length_filter",
            ),
        ],
    ),
    (
        "assets list",
        &[example(
            "See which models and word lists a recipe needs",
            "coldpress assets list --config recipe.yaml",
        )],
    ),
    (
        "assets fetch",
        &[example(
            "Download what is missing before the job runs without a network",
            "coldpress assets fetch --config recipe.yaml",
        )],
    ),
    (
        "assets verify",
        &[example(
            "Check that the files are those that were fetched",
            "coldpress assets verify --config recipe.yaml",
        )],
    ),
    (
        "docetl analyze",
        &[example(
            "See how much smaller intermediate files would be as Parquet",
            "coldpress docetl analyze intermediate --sample 1000",
        )],
    ),
    (
        "docetl migrate",
        &[
            example(
                "Write Parquet beside the JSON files of a pipeline",
                "coldpress docetl migrate intermediate",
            ),
            example(
                "Go back to JSON before the pipeline is resumed",
                "coldpress docetl migrate intermediate --to json",
            ),
        ],
    ),
    (
        "completions",
        &[example(
            "Complete commands and flags in bash",
            "coldpress completions bash > ~/.local/share/bash-completion/completions/coldpress",
        )],
    ),
    (
        "man",
        &[example(
            "Install the manual pages for one user, and read one",
            "coldpress man ~/.local/share/man/man1 && man coldpress-process",
        )],
    ),
];

const fn example(does: &'static str, line: &'static str) -> Example {
    Example { does, line }
}

/// Returns the examples of a command; the program itself has none.
pub(crate) fn of(command: &str) -> &'static [Example] {
    let found = EXAMPLES.iter().find(|(name, _)| *name == command);
    found.map_or(&[], |(_, examples)| examples)
}

/// Adds to the help of every command its examples.
pub(crate) fn add_to(command: clap::Command) -> clap::Command {
    add_below(command, "")
}

fn add_below(mut command: clap::Command, path: &str) -> clap::Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|below| below.get_name().to_owned())
        .collect();
    for name in names {
        let path = format!("{path} {name}");
        command = command.mut_subcommand(name, |below| add_below(below, path.trim()));
    }
    match help(path) {
        Some(help) => command.after_help(help),
        None => command,
    }
}

fn help(path: &str) -> Option<String> {
    let lines = of(path)
        .iter()
        .map(|example| format!("\n  # {}\n  {}", example.does, example.line));
    let lines: String = lines.collect();
    (!lines.is_empty()).then(|| format!("Examples:{lines}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_fits_a_terminal() {
        for example in EXAMPLES.iter().flat_map(|(_, examples)| *examples) {
            for line in [example.does, example.line] {
                assert!(line.len() <= 94, "{line}");
            }
            assert!(!example.does.ends_with('.'), "{}", example.does);
        }
    }
}
