//! Reading a journal: which bytes count, and what state they lead to.

use std::path::{Path, PathBuf};

use coldpress_storage::{Digest, Frame, LogReader, TornTail};
use serde::Deserialize;

use super::files::{self, EpochFile};
use super::record::{EpochStarted, JOURNAL_SCHEMA, JournalRecord, SealedFile};
use super::state::JobState;
use crate::{Error, Result};

/// A journal that was read.
#[derive(Debug)]
pub(super) struct Replay {
    pub(super) state: JobState,
    /// All files, as they were when reading began.
    pub(super) listing: Vec<EpochFile>,
    /// The sealed part of each of them.
    pub(super) sealed: Vec<SealedFile>,
    /// The files that no later driver has sealed yet.
    pub(super) unsealed: Vec<PathBuf>,
}

/// The way damage is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// It is an error.
    Refuse,
    /// The damage ends the file, and what comes before it is kept. This is for a new generation, which needs nothing of the old one
    /// but the numbers.
    EndsFile,
}

impl Replay {
    pub(super) fn strict(dir: &Path) -> Result<Self> {
        Self::strict_before(dir, u64::MAX)
    }

    /// Reads the files of all epochs before this one, and refuses damage.
    pub(super) fn strict_before(dir: &Path, epoch: u64) -> Result<Self> {
        Self::read(files::list_before(dir, epoch)?, Damage::Refuse)
    }

    /// Reads as much as possible of the files of all epochs before this one.
    pub(super) fn salvage_before(dir: &Path, epoch: u64) -> Result<Self> {
        Self::read(files::list_before(dir, epoch)?, Damage::EndsFile)
    }

    pub(super) fn newest_epoch(&self) -> u64 {
        self.listing.last().map_or(0, |file| file.epoch)
    }

    fn read(listing: Vec<EpochFile>, damage: Damage) -> Result<Self> {
        let (mut reading, newest) = Reading::sealed_files(&listing, damage)?;
        let mut unsealed = Vec::new();
        if let Some(newest) = &newest {
            reading.read_file(newest, None)?;
            unsealed.push(newest.path.clone());
        }
        // Drivers that died before their first record was complete have left empty files.
        let begun = newest.as_ref().map_or(0, |file| file.epoch);
        for file in listing.iter().filter(|file| file.epoch > begun) {
            reading.sealed.push(SealedFile {
                file: files::name_of(file.epoch),
                length: 0,
                digest: Digest::of(b""),
            });
        }
        if let (Some(trouble), Damage::Refuse) = (reading.trouble, damage) {
            return Err(trouble);
        }
        Ok(Self {
            state: reading.state,
            sealed: reading.sealed,
            listing,
            unsealed,
        })
    }
}

/// A reader of a journal, file by file.
#[derive(Debug)]
pub(super) struct Reading {
    damage: Damage,
    state: JobState,
    /// The first record that cannot be true in this generation. A later generation makes it moot.
    trouble: Option<Error>,
    sealed: Vec<SealedFile>,
}

impl Reading {
    /// Reads all files except the newest one that a driver began, and returns that one; none if no driver did. Damage is refused.
    pub(super) fn before_newest(listing: &[EpochFile]) -> Result<(Self, Option<EpochFile>)> {
        Self::sealed_files(listing, Damage::Refuse)
    }

    fn sealed_files(listing: &[EpochFile], damage: Damage) -> Result<(Self, Option<EpochFile>)> {
        let mut newest = None;
        for file in listing.iter().rev() {
            if let Some(started) = read_head(file, damage)? {
                newest = Some((file, started));
                break;
            }
        }
        let mut reading = Self {
            damage,
            state: JobState::default(),
            trouble: None,
            sealed: Vec::new(),
        };
        let Some((newest, started)) = newest else {
            return Ok((reading, None));
        };
        if damage == Damage::Refuse {
            check_seals(newest, &started, listing)?;
        }
        for file in listing.iter().take_while(|file| file.epoch < newest.epoch) {
            let name = files::name_of(file.epoch);
            let seal = started.sealed.iter().find(|seal| seal.file == name);
            reading.read_file(file, seal)?;
        }
        Ok((reading, Some(newest.clone())))
    }

    /// Returns the state so far.
    pub(super) fn state(&self) -> &JobState {
        &self.state
    }

    /// Fails if any record so far cannot be true, unless a later generation makes it moot. It fails only once.
    pub(super) fn check(&mut self) -> Result<()> {
        self.trouble.take().map_or(Ok(()), Err)
    }

    fn read_file(&mut self, file: &EpochFile, seal: Option<&SealedFile>) -> Result<()> {
        let sealed_length = seal.map(|seal| seal.length);
        let mut reader = LogReader::open(&file.path, sealed_length, TornTail::Allow)?;
        self.drain(file, &mut reader)?;
        let good = SealedFile {
            file: files::name_of(file.epoch),
            length: reader.good_length(),
            digest: reader.good_digest(),
        };
        if let (Some(seal), Damage::Refuse) = (seal, self.damage)
            && *seal != good
        {
            let reason = format!(
                "its first {} bytes have the digest {}, and were sealed with {}",
                seal.length, good.digest, seal.digest
            );
            return Err(damaged(file, 0, reason));
        }
        self.sealed.push(good);
        Ok(())
    }

    /// Takes in the rest of a file from its reader.
    pub(super) fn drain(&mut self, file: &EpochFile, reader: &mut LogReader) -> Result<()> {
        for frame in reader.by_ref() {
            match frame.map_err(Error::from) {
                Ok(frame) => self.take(file, &frame),
                Err(Error::Damaged { .. }) if self.damage == Damage::EndsFile => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes in one record. An error is remembered rather than returned at once, because a new generation may begin after it.
    fn take(&mut self, file: &EpochFile, frame: &Frame) {
        let tell = |reason: String| damaged(file, frame.sequence, reason);
        let record = match decode(file, frame) {
            Ok(record) => record,
            Err(reason) => {
                self.trouble.get_or_insert_with(|| tell(reason));
                return;
            }
        };
        let begins_anew = matches!(record, JournalRecord::GenerationStarted { .. });
        // Whatever is wrong with a generation, its drivers existed.
        let counts = begins_anew || matches!(record, JournalRecord::EpochStarted(_));
        if self.trouble.is_some() && !counts {
            return;
        }
        match self.state.apply(frame.epoch, &record) {
            Ok(()) if begins_anew => self.trouble = None,
            Ok(()) => {}
            Err(error) => {
                self.trouble.get_or_insert_with(|| tell(error.to_string()));
            }
        }
    }
}

/// Decodes the record of a line. Results and attempts are nearly all of a long journal, so they are tried first: to find the
/// variant in general, the decoder would have to keep all the fields.
pub(super) fn decode(file: &EpochFile, frame: &Frame) -> Result<JournalRecord, String> {
    if frame.epoch != file.epoch {
        let (found, epoch) = (frame.epoch, file.epoch);
        return Err(format!("epoch {found} is in the file of epoch {epoch}"));
    }
    let record = decode_record(frame)
        .map_err(|error| format!("the record cannot be understood: {error}"))?;
    let is_first = frame.sequence == coldpress_storage::FIRST_SEQUENCE;
    if matches!(record, JournalRecord::EpochStarted(_)) != is_first {
        return Err(MISPLACED_START.to_owned());
    }
    Ok(record)
}

fn decode_record(frame: &Frame) -> serde_json::Result<JournalRecord> {
    let json = frame.record.get();
    if json.starts_with(r#"{"type":"published","#) {
        return frame.decode().map(JournalRecord::Published);
    }
    frame.decode()
}

const MISPLACED_START: &str = "an epoch begins with its file, and only there";

#[derive(Deserialize)]
struct Head {
    schema_version: u32,
}

/// Returns the first record of a file; none if its driver died right after creating the file.
pub(super) fn read_head(file: &EpochFile, damage: Damage) -> Result<Option<EpochStarted>> {
    let mut reader = LogReader::open(&file.path, None, TornTail::Allow)?;
    let frame = match reader.next() {
        None => return Ok(None),
        Some(Ok(frame)) => frame,
        Some(Err(coldpress_storage::Error::Damaged { .. })) if damage == Damage::EndsFile => {
            return Ok(None);
        }
        Some(Err(error)) => return Err(error.into()),
    };
    // A newer release may have changed everything except the place of the version. It is refused even for a new generation, because
    // the meaning of its files cannot be known here.
    if let Ok(head) = frame.decode::<Head>()
        && head.schema_version > JOURNAL_SCHEMA
    {
        return Err(Error::NewerSchema {
            path: file.path.clone(),
            found: head.schema_version,
            supported: JOURNAL_SCHEMA,
        });
    }
    match frame.decode::<JournalRecord>() {
        Ok(JournalRecord::EpochStarted(started)) => Ok(Some(started)),
        _ if damage == Damage::EndsFile => Ok(None),
        Ok(_) => Err(damaged(file, 1, MISPLACED_START.to_owned())),
        Err(error) => {
            let reason = format!("the record cannot be understood: {error}");
            Err(damaged(file, 1, reason))
        }
    }
}

/// Checks that the newest driver has sealed exactly the files that existed before it.
pub(super) fn check_seals(
    newest: &EpochFile,
    started: &EpochStarted,
    listing: &[EpochFile],
) -> Result<()> {
    let earlier = listing.iter().filter(|file| file.epoch < newest.epoch);
    let mut names: Vec<String> = earlier.map(|file| files::name_of(file.epoch)).collect();
    let mut sealed: Vec<&String> = started.sealed.iter().map(|seal| &seal.file).collect();
    sealed.sort_unstable();
    names.sort_unstable();
    if let Some(missing) = sealed.iter().find(|name| !names.contains(name)) {
        let reason = format!("it seals `{missing}`, which is not there");
        return Err(damaged(newest, 1, reason));
    }
    if let Some(foreign) = names.iter().find(|name| !sealed.contains(name)) {
        let reason = format!("it does not seal `{foreign}`, which is there");
        return Err(damaged(newest, 1, reason));
    }
    Ok(())
}

fn damaged(file: &EpochFile, line: u64, reason: String) -> Error {
    Error::Damaged {
        path: file.path.clone(),
        line,
        reason,
    }
}
