//! An operator that some records make kill its process.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use coldpress_operator::{
    Amount, Changes, Global, Mapper, NoParams, OperatorSpec, Reading, Record, RecordError,
    Registry, Resolved, Rule, Selection, Signature, SignatureForm, Signer,
};
use rustix::process::{Signal, getpid, kill_process};

/// The operators of these tests.
pub(crate) fn registry() -> Registry {
    Registry::default()
        .with(OperatorSpec::mapper(
            "deadly_mapper",
            "Ends as the text says.",
            |_: NoParams, _| Ok(Resolved::new(|| Deadly)),
        ))
        .with(OperatorSpec::deduplicator(
            "deadly_deduplicator",
            "Ends as the text says, and keeps the first of all records with the same length.",
            |_: NoParams, _| {
                let signer = Resolved::new(|| Deadly);
                Ok(Global::new(signer, SignatureForm::Digest, Rule::Equal))
            },
        ))
        .with(OperatorSpec::selector(
            "deadly_selector",
            "Ends as the text says, and keeps the two records with the least numbers at their ends.",
            |_: NoParams, _| {
                let selection = Selection::Top {
                    amount: Amount {
                        count: Some(2),
                        ..Amount::default()
                    },
                    largest: false,
                    reading: Reading::Exact,
                };
                let rule = Rule::Select {
                    selection,
                    compat: false,
                };
                let signer = Resolved::new(|| DeadlyField);
                Ok(Global::new(signer, SignatureForm::Value, rule))
            },
        ))
}

struct DeadlyField;

impl Signer for DeadlyField {
    fn sign(&mut self, record: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError> {
        end_as_said(record)?;
        let number = record.text(0)?.rsplit(' ').next();
        signature.value.extend(number.unwrap_or("0").bytes());
        Ok(())
    }
}

impl Signer for Deadly {
    fn sign(&mut self, record: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError> {
        end_as_said(record)?;
        signature.digests.push(record.text(0)?.len() as u128 + 1);
        Ok(())
    }
}

struct Deadly;

impl Mapper for Deadly {
    fn map(&mut self, record: &Record<'_>, _: &mut Changes) -> Result<(), RecordError> {
        end_as_said(record)
    }
}

#[allow(clippy::print_stdout, reason = "operators of others may print")]
fn end_as_said(record: &Record<'_>) -> Result<(), RecordError> {
    let text = record.text(0)?;
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (word, rest) = match word {
        // Only the first time, which a file remembers.
        "once" => {
            let (file, rest) = rest.split_once(' ').unwrap_or_default();
            if count_in(Path::new(file)) > 0 {
                return Ok(());
            }
            rest.split_once(' ').unwrap_or((rest, ""))
        }
        _ => (word, rest),
    };
    match word {
        "abort" => std::process::abort(),
        "alloc" => lack_memory(),
        "exit" => std::process::exit(7),
        "ill" => die(Signal::ILL),
        "kill" => die(Signal::KILL),
        "overflow" => {
            black_box(dig(black_box(1)));
        }
        "print" => println!("an operator says something\n{{}}"),
        // The file counts how often; the process dies while it is shorter than the second word says.
        "times" => {
            let (times, file) = rest.split_once(' ').unwrap_or_default();
            if count_in(Path::new(file)) < times.parse().unwrap_or(0) {
                std::process::abort();
            }
        }
        // Another process sends the signal, each time that this record is worked on.
        "sent" => send_from_outside(rest),
        // Kills until the file is there.
        "until" if !Path::new(rest).exists() => std::process::abort(),
        "wait" => wait_for(PathBuf::from(rest)),
        _ => {}
    }
    Ok(())
}

/// As the allocator of Rust does when it is refused.
fn lack_memory() {
    let layout = std::alloc::Layout::from_size_align(1 << 20, 8);
    if let Ok(layout) = layout {
        std::alloc::handle_alloc_error(layout);
    }
}

fn send_from_outside(signal: &str) {
    let process = std::process::id().to_string();
    let signal = format!("-{signal}");
    let _ = std::process::Command::new("kill")
        .args([signal, process])
        .status();
    std::thread::sleep(std::time::Duration::from_secs(10));
}

fn die(signal: Signal) {
    let _ = kill_process(getpid(), signal);
    std::thread::sleep(std::time::Duration::from_secs(10));
}

#[allow(unconditional_recursion, reason = "it overflows its stack")]
fn dig(depth: u64) -> u64 {
    let hole = [depth; 512];
    black_box(&hole);
    dig(depth + 1) + hole[(depth % 512) as usize]
}

/// How often this was called before for the file.
fn count_in(file: &Path) -> u64 {
    use std::io::Write;
    let before = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    let opened = std::fs::File::options()
        .create(true)
        .append(true)
        .open(file);
    let _ = opened.and_then(|mut file| file.write_all(b"."));
    before
}

/// Says by a file that it is there, and waits until another file appears.
fn wait_for(file: PathBuf) {
    let _ = std::fs::write(
        file.with_extension("reached"),
        std::process::id().to_string(),
    );
    while !file.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
