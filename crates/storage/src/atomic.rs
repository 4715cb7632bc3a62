//! Changes to names that are there wholly or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::crash_point;
use crate::directory::sync_dir;
use crate::exchange::exchange;
use crate::parent::parent_of;
use crate::volatile;
use crate::{Error, Result, open_file};

/// What is written at a time.
const BUFFER_BYTES: usize = 256 << 10;

/// Writes a view: a reader sees the old bytes or the new ones, never a half file.
///
/// The bytes go to a temporary file in the same folder, which is synced and renamed over `path`.
/// The file gets the usual permissions of a new file, whatever the old one had.
///
/// # Errors
///
/// [`Error::Io`]; the old file is untouched then, unless only the last sync of the folder failed.
pub fn replace(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    replace_together(&[(path.as_ref(), bytes)])
}

/// Writes several views as [`replace`] does, one after the other, and then syncs each folder once: none of them is cited before all
/// are there.
///
/// # Errors
///
/// As [`replace`]; some of the old files may have been replaced then.
pub fn replace_together(views: &[(&Path, &[u8])]) -> Result<()> {
    let mut folders = Vec::new();
    for (path, bytes) in views {
        put_in_place(path, bytes)?;
        let folder = parent_of(path);
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    crash_point!("replace_before_folder_sync");
    folders.into_iter().try_for_each(sync_dir)
}

/// Writes a view whose bytes are durable, and whose name is not yet.
fn put_in_place(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = parent_of(path);
    let mut temporary = temporary_for(path, &folder)
        .map_err(|source| Error::io("create a temporary file in", &folder, source))?;
    temporary
        .write_all(bytes)
        .and_then(|()| temporary.as_file().sync_all())
        .map_err(|source| Error::io("write", temporary.path(), source))?;
    volatile::created(temporary.path());
    volatile::synced_file(temporary.path());
    crash_point!("replace_before_rename");
    volatile::renames(temporary.path(), path);
    temporary
        .persist(path)
        .map_err(|error| Error::io("replace", path, error.error))?;
    Ok(())
}

/// Writes a view that can be made again. As with [`replace`], a reader sees the old bytes or the new ones. But nothing waits
/// for the disk, so a crash of the machine may leave an empty file.
///
/// # Errors
///
/// [`Error::Io`]; the old file is untouched then.
pub fn replace_unsynced(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    replace_unsynced_with(path, |file| file.write_all(bytes))
}

/// As [`replace_unsynced`], with bytes that `write` makes piece by piece: those of a view of very many things are never all in
/// memory.
///
/// # Errors
///
/// As there.
pub fn replace_unsynced_with(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let path = path.as_ref();
    let folder = parent_of(path);
    let temporary = temporary_for(path, &folder)
        .map_err(|source| Error::io("create a temporary file in", &folder, source))?;
    let mut file = io::BufWriter::with_capacity(BUFFER_BYTES, temporary.as_file());
    write(&mut file)
        .and_then(|()| file.flush())
        .map_err(|source| Error::io("write", temporary.path(), source))?;
    drop(file);
    temporary
        .persist(path)
        .map_err(|error| Error::io("replace", path, error.error))?;
    Ok(())
}

/// Removes what crashed calls of [`replace`] left beside a path, as far as it is older than `age`. Younger files may belong to
/// a call at work. What cannot be removed stays: such files cost space and nothing else.
pub fn remove_leftovers_of(path: impl AsRef<Path>, age: std::time::Duration) {
    let path = path.as_ref();
    let Ok(entries) = fs::read_dir(parent_of(path)) else {
        return;
    };
    let prefix = temporary_prefix(path);
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let middle = name.strip_prefix(&prefix);
        let middle = middle.and_then(|rest| rest.strip_suffix(TEMPORARY_SUFFIX));
        // The system's random part: six letters and digits.
        let is_ours = middle.is_some_and(|middle| {
            middle.len() == 6 && middle.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let is_old = |found: fs::Metadata| {
            let elapsed = found.modified().ok().and_then(|time| time.elapsed().ok());
            found.is_file() && elapsed.is_some_and(|elapsed| elapsed >= age)
        };
        if is_ours && entry.metadata().is_ok_and(is_old) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What the names of temporary files end in.
pub const TEMPORARY_SUFFIX: &str = ".tmp";

/// Renames a file or folder and makes both folders' names durable.
///
/// # Errors
///
/// [`Error::Io`] if it cannot be renamed (`to` is overwritten where the system allows that) or a
/// folder cannot be synced.
pub fn rename_durable(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    volatile::renames(from, to);
    fs::rename(from, to).map_err(|source| Error::io("rename", from, source))?;
    crash_point!("rename_before_folder_sync");
    sync_both(from, to)
}

/// Removes a file and makes that durable.
///
/// # Errors
///
/// [`Error::Io`]; [`Error::is_not_found`] if there is none.
pub fn remove_durable(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    remove_unsynced(path)?;
    sync_dir(parent_of(path))
}

/// Removes a file; a power cut may bring it back until its folder is synced.
pub(crate) fn remove_unsynced(path: &Path) -> Result<()> {
    volatile::removes(path);
    fs::remove_file(path).map_err(|source| Error::io("remove", path, source))
}

/// Exchanges two folders (or files) in one step, so that no reader ever finds neither.
///
/// # Errors
///
/// [`Error::Unsupported`] if the file system or the system cannot exchange names, [`Error::Io`]
/// for all else; nothing has changed then, unless only the last sync of a folder failed.
pub fn exchange_dirs(a: impl AsRef<Path>, b: impl AsRef<Path>) -> Result<()> {
    let (a, b) = (a.as_ref(), b.as_ref());
    volatile::exchanges(a, b);
    exchange(a, b).map_err(|source| match source.kind() {
        io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput => Error::Unsupported {
            action: "exchange two folders in one step",
            path: b.to_path_buf(),
        },
        _ => Error::io("exchange", b, source),
    })?;
    crash_point!("exchange_before_folder_sync");
    sync_both(a, b)
}

/// Makes the bytes of a file that someone else wrote durable, and its name with them.
///
/// # Errors
///
/// [`Error::Io`] if the file or its folder cannot be opened or synced.
pub fn sync_file(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let file = open_file(path)?;
    file.sync_all()
        .map_err(|source| Error::io("sync", path, source))?;
    volatile::synced_file(path);
    sync_dir(parent_of(path))
}

fn sync_both(from: &Path, to: &Path) -> Result<()> {
    let (from, to) = (parent_of(from), parent_of(to));
    sync_dir(&to)?;
    if from == to { Ok(()) } else { sync_dir(&from) }
}

/// What the names of a target's temporary files begin with.
fn temporary_prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{}.", name.trim_start_matches('.'))
}

/// A temporary file beside the target, with the permissions that a plainly created file would get.
///
/// Its name begins with the target's, so that what a crash leaves can be told from other files.
fn temporary_for(path: &Path, folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let prefix = temporary_prefix(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(TEMPORARY_SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
        builder.tempfile_in(folder)
    }
    #[cfg(not(unix))]
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_crashed_replacements_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.prom");
        let names = [
            ".job.prom.a1B2c3.tmp",
            ".job.prom.mine.tmp",
            ".other.prom.a1B2c3.tmp",
            "job.prom",
        ];
        for name in names {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let left = |path: &Path| names.map(|name| path.join(name).exists());
        remove_leftovers_of(&path, std::time::Duration::from_secs(3600));
        assert_eq!(left(folder.path()), [true; 4]);
        remove_leftovers_of(&path, std::time::Duration::ZERO);
        assert_eq!(left(folder.path()), [false, true, true, true]);
        // The names that `replace` gives are of this form.
        let temporary = temporary_for(&path, folder.path())
            .unwrap()
            .keep()
            .unwrap()
            .1;
        remove_leftovers_of(&path, std::time::Duration::ZERO);
        assert!(!temporary.exists());
    }

    #[test]
    fn a_view_is_replaced_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("view.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_view_has_the_permissions_of_a_plain_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| {
            let path = folder.path().join(name);
            fs::metadata(path).unwrap().permissions().mode()
        };
        fs::write(folder.path().join("plain"), b"").unwrap();
        replace(folder.path().join("view"), b"").unwrap();
        assert_eq!(mode("view"), mode("plain"));
    }

    #[test]
    fn a_failed_replacement_leaves_the_target_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("is_a_folder");
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, b"x").is_err());
        assert!(path.is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let error = replace(folder.path().join("gone/x"), b"x").unwrap_err();
        assert!(error.is_not_found());
    }

    #[test]
    fn rename_and_remove() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("sub/b"));
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(&a, b"a").unwrap();
        rename_durable(&a, &b).unwrap();
        assert!(!a.exists());
        sync_file(&b).unwrap();
        remove_durable(&b).unwrap();
        assert!(remove_durable(&b).unwrap_err().is_not_found());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn folders_change_places() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        for (path, text) in [(&a, "a"), (&b, "b")] {
            fs::create_dir(path).unwrap();
            fs::write(path.join("x"), text).unwrap();
        }
        match exchange_dirs(&a, &b) {
            Ok(()) => {
                assert_eq!(fs::read(a.join("x")).unwrap(), b"b");
                assert_eq!(fs::read(b.join("x")).unwrap(), b"a");
            }
            // Some file systems (overlays, network mounts) have no exchange; then nothing moved.
            Err(Error::Unsupported { .. }) => {
                assert_eq!(fs::read(a.join("x")).unwrap(), b"a");
            }
            Err(error) => panic!("{error}"),
        }
        let error = exchange_dirs(&a, folder.path().join("gone")).unwrap_err();
        assert!(!matches!(error, Error::Io { .. }) || error.is_not_found());
    }
}
