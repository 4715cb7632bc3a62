//! Unpacks a folder from an untrusted ZIP archive.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use coldpress_archive::{Limits, Member, read_members};
use coldpress_storage::{rename_durable, sync_dir};

use crate::error::{Error, Result};
use crate::folders::is_within;

/// The number of bytes in the files of a folder, at most. NLTK's folders have a few megabytes.
const LIMITS: Limits = Limits {
    member_bytes: 256 << 20,
    total_bytes: 256 << 20,
};
const MOST_FILES: usize = 10_000;

/// Unpacks a folder of an archive into a folder with its name beside the archive, and returns the path. The folder appears there
/// with all of its files or not at all.
pub(crate) fn unpack(archive: &Path, folder: &str) -> Result<PathBuf> {
    let refused = |reason: String| Error::Archive {
        path: archive.to_owned(),
        reason,
    };
    let prefix = format!("{folder}/");
    let is_wanted = |name: &[u8]| name.starts_with(prefix.as_bytes()) && !name.ends_with(b"/");
    let members = read_members(archive, LIMITS, is_wanted);
    let members = members.map_err(|error| refused(error.to_string()))?;
    // All names are checked before anything is written, so that an archive with one bad name is not used at all.
    let files = members
        .iter()
        .map(|member| Ok((inner_name(member, &prefix)?, member)));
    let files: Vec<(&str, &Member)> = files.collect::<Result<_, String>>().map_err(refused)?;
    if files.is_empty() {
        return Err(refused(format!("it has no folder `{folder}`")));
    }
    if files.len() > MOST_FILES {
        return Err(refused(format!(
            "its folder `{folder}` has more than {MOST_FILES} files"
        )));
    }
    let place = archive.parent().unwrap_or(Path::new("."));
    let target = place.join(folder);
    let parent = target.parent().unwrap_or(place);
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = parent.join(format!(".{name}.unpacking"));
    // A download that was killed may have left files.
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::io("remove", unfinished)(error));
        }
        _ => {}
    }
    fs::create_dir_all(&unfinished).map_err(Error::io("create", &unfinished))?;
    for (name, member) in files {
        write(&unfinished.join(name), &member.bytes)?;
    }
    sync_dir(&unfinished)?;
    rename_durable(&unfinished, &target)?;
    Ok(target)
}

/// Returns the name of a file in the folder. Links are never made, so only a name could point outside of it.
fn inner_name<'m>(member: &'m Member, prefix: &str) -> Result<&'m str, String> {
    let name = str::from_utf8(&member.name).ok();
    let name = name.and_then(|name| name.strip_prefix(prefix));
    // A plain name has only one spelling.
    let is_plain = |name: &&str| {
        is_within(name)
            && !name.contains(['\\', '\0'])
            && !name.split('/').any(|part| part.is_empty() || part == ".")
    };
    name.filter(is_plain).ok_or_else(|| {
        let name = String::from_utf8_lossy(&member.name);
        format!("the name `{name}` leads out of its folder")
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    }
    // The file must be new, so that a name that occurs twice is noticed.
    let mut file = File::create_new(path).map_err(Error::io("create", path))?;
    file.write_all(bytes).map_err(Error::io("write", path))?;
    file.sync_all().map_err(Error::io("sync", path))
}

#[cfg(test)]
pub(crate) mod tests;
