//! A journal that begins with the past of another job.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use coldpress_storage::{
    LogWriter, NewFile, StoreSpecs, crash_point, create_dir_all_durable, open_file, rename_durable,
};

use super::Journal;
use super::files;
use super::record::{Adoption, EpochStarted, JOURNAL_SCHEMA, JournalRecord};
use super::replay::Replay;
use super::segments;
use crate::bucket::Bucket;
use crate::layout::Layout;
use crate::lock::JobLock;
use crate::{Error, Result};

impl Journal {
    /// Copies the journal of another job, up to its seals, and ends it with a record that names that job. The journal is made
    /// beside its place and moved there as a whole.
    pub(crate) fn inherit(
        from: &Layout,
        into: &Layout,
        lock: &JobLock,
        operations: Option<u32>,
        stores: &StoreSpecs,
    ) -> Result<()> {
        let source = from.journal_dir();
        let replay = Replay::strict(&source)?;
        let beside = into.job_dir().join(".journal.tmp");
        match fs::remove_dir_all(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io("remove", &beside, error));
            }
            _ => create_dir_all_durable(&beside)?,
        }
        for sealed in &replay.sealed {
            copy_start(
                &source.join(&sealed.file),
                &beside.join(&sealed.file),
                sealed.length,
            )?;
        }
        let epoch = replay.newest_epoch() + 1;
        let mut writer = LogWriter::create_new(files::path_of(&beside, epoch), epoch)?;
        writer.append(&JournalRecord::EpochStarted(EpochStarted {
            schema_version: JOURNAL_SCHEMA,
            driver: lock.driver().clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sealed: replay.sealed,
            takeover: false,
        }))?;
        writer.append(&JournalRecord::Adopted(Adoption {
            job_id: from.job_id().clone(),
            operations,
        }))?;
        // The other's stores are not this job's.
        if !stores.elsewhere().is_empty() {
            let stores = stores.elsewhere().clone();
            writer.append(&JournalRecord::StoresSet { stores })?;
        }
        writer.sync()?;
        drop(writer);
        lock.check()?;
        let dir = into.journal_dir();
        if let Some(bucket) = into.bucket() {
            put_whole(bucket, &beside)?;
        }
        // Drivers that died before their first record was complete have left files without any.
        for empty in files::list(&dir)? {
            fs::remove_file(&empty.path)
                .map_err(|error| Error::io("remove", &empty.path, error))?;
        }
        // The rename makes the whole journal appear at once, so a crash leaves all of it or none.
        crash_point!("adopt_before_rename");
        Ok(rename_durable(beside, dir)?)
    }
}

/// Puts a journal into the store of the job as one object, so that it is there completely or not at all.
fn put_whole(bucket: &Bucket, dir: &Path) -> Result<()> {
    let mut bytes = Vec::new();
    for file in files::list(dir)? {
        let read = open_file(&file.path)?.read_to_end(&mut bytes);
        read.map_err(|error| Error::io("read", &file.path, error))?;
    }
    crash_point!("adopt_before_put");
    Ok(segments::create(bucket, 1, &bytes)?)
}

/// Copies the first `length` bytes of a file.
fn copy_start(source: &Path, target: &Path, length: u64) -> Result<()> {
    let file = open_file(source)?;
    let mut copy = NewFile::create(target)?;
    io::copy(&mut file.take(length), &mut copy)
        .map_err(|error| Error::io("copy", source, error))?;
    copy.finish()?;
    Ok(())
}
