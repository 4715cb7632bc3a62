//! An operator that waits where the text says so, and a deduplicator.

use std::fs;
use std::path::Path;
use std::time::Duration;

use coldpress_operator::{
    Changes, Global, Mapper, NoParams, OperatorSpec, Record, RecordError, Registry, Resolved, Rule,
    Signature, SignatureForm, Signer,
};

/// The operators of these tests.
pub(crate) fn registry() -> Registry {
    Registry::default()
        .with(OperatorSpec::mapper(
            "held_mapper",
            "Adds a word to each text. One that names a file leaves its process id beside that file and waits until it is gone.",
            |_: NoParams, _| Ok(Resolved::new(|| Held).sets_values()),
        ))
        .with(OperatorSpec::deduplicator(
            "length_deduplicator",
            "Keeps the first of all records with the same length.",
            |_: NoParams, _| {
                let signer = Resolved::new(|| Length);
                Ok(Global::new(signer, SignatureForm::Digest, Rule::Equal))
            },
        ))
}

struct Held;

impl Mapper for Held {
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError> {
        let text = record.text(0)?;
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        let Some(file) = first.strip_prefix("hold:") else {
            changes.set(0, format!("{text} seen"));
            return Ok(());
        };
        let file = Path::new(file);
        let is_once = fs::read(file).is_ok_and(|content| content == b"once");
        if is_once && fs::File::create_new(file.with_extension("taken")).is_err() {
            changes.set(0, format!("{rest} held"));
            return Ok(());
        }
        if file.exists() {
            let own = file.with_extension(format!("{}.pid", std::process::id()));
            fs::write(own, "").map_err(|error| RecordError::new(error.to_string()))?;
        }
        while file.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        changes.set(0, format!("{rest} held"));
        Ok(())
    }
}

struct Length;

impl Signer for Length {
    fn sign(&mut self, record: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError> {
        signature.digests.push(record.text(0)?.len() as u128 + 1);
        Ok(())
    }
}
