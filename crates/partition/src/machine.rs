//! The available memory: of the machine, or of the container that the process runs in.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The memory that the process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryLimit {
    /// The limit in bytes; at least 1.
    pub bytes: u64,
    /// The origin of the limit.
    pub from: MemoryLimitFrom,
}

/// The origin of a memory limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemoryLimitFrom {
    /// The built-in memory of the machine.
    Machine,
    /// A control group: a container, a service, a batch system.
    Container,
    /// None, because nothing could be read; [`ASSUMED_MEMORY_BYTES`] is assumed.
    Assumed,
}

impl fmt::Display for MemoryLimitFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Machine => "machine",
            Self::Container => "container",
            Self::Assumed => "assumed",
        })
    }
}

/// The assumed memory of a machine that does not report it: 4 GiB.
pub const ASSUMED_MEMORY_BYTES: u64 = 4 << 30;

/// Returns the least of the machine's memory and the limits of the control groups that the process is in (version 2's `memory.max`,
/// version 1's `memory.limit_in_bytes`, from the process's group up to the outermost visible one).
///
/// A file that cannot be read sets no limit.
pub fn memory_limit() -> MemoryLimit {
    limit_under(Path::new("/"))
}

/// Like [`memory_limit`], for a file system whose root is `root`.
fn limit_under(root: &Path) -> MemoryLimit {
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    let machine = total_of(&read("proc/meminfo"));
    let files = limit_files(&read("proc/self/cgroup"), &read("proc/self/mountinfo"));
    let container = files
        .iter()
        .filter_map(|file| fs::read_to_string(root.join(file.strip_prefix("/").ok()?)).ok())
        .filter_map(|text| limit_of(&text))
        .min();
    let (bytes, from) = match (machine, container) {
        (Some(machine), Some(container)) if container < machine => {
            (container, MemoryLimitFrom::Container)
        }
        (Some(machine), _) => (machine, MemoryLimitFrom::Machine),
        (None, Some(container)) if container < NO_LIMIT => (container, MemoryLimitFrom::Container),
        (None, _) => (ASSUMED_MEMORY_BYTES, MemoryLimitFrom::Assumed),
    };
    MemoryLimit {
        bytes: bytes.max(1),
        from,
    }
}

/// The least number that means "no limit". Version 1 writes a number near 2^63.
const NO_LIMIT: u64 = 1 << 60;

/// Returns `MemTotal` of a `/proc/meminfo`, in bytes.
fn total_of(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let mut words = line.split_ascii_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    let bytes = match words.next() {
        Some("kB") => number.checked_mul(1024)?,
        _ => return None,
    };
    (bytes > 0).then_some(bytes)
}

/// Parses the number in a limit file; `None` for `max` and for anything that isn't a number.
fn limit_of(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// Returns the files that limit the memory of a process with this `/proc/self/cgroup` and `/proc/self/mountinfo`: those of its
/// groups and of all enclosing groups.
fn limit_files(cgroup: &str, mountinfo: &str) -> Vec<PathBuf> {
    let mounts: Vec<Mount> = mountinfo.lines().filter_map(Mount::parse).collect();
    let mut files = Vec::new();
    for line in cgroup.lines() {
        // The format is hierarchy:controllers:path.
        let mut parts = line.splitn(3, ':');
        let (Some(hierarchy), Some(controllers), Some(path)) =
            (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let version = if hierarchy == "0" && controllers.is_empty() {
            Version::Two
        } else if controllers.split(',').any(|name| name == "memory") {
            Version::One
        } else {
            continue;
        };
        for mount in mounts.iter().filter(|mount| mount.version == version) {
            files.extend(mount.limit_files(path));
        }
    }
    files
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// The mount point of a hierarchy of control groups.
struct Mount {
    version: Version,
    /// The group that is visible there.
    root: PathBuf,
    place: PathBuf,
}

impl Mount {
    /// Parses a line of `mountinfo`; none unless it mounts control groups that can limit memory.
    fn parse(line: &str) -> Option<Self> {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, place) = (mount.next()?, mount.next()?);
        let mut file_system = file_system.split(' ');
        let version = match file_system.next()? {
            "cgroup2" => Version::Two,
            "cgroup" => Version::One,
            _ => return None,
        };
        let options = file_system.nth(1).unwrap_or_default();
        if version == Version::One && !options.split(',').any(|option| option == "memory") {
            return None;
        }
        Some(Self {
            version,
            root: PathBuf::from(unescape(root)),
            place: PathBuf::from(unescape(place)),
        })
    }

    /// Returns the limit files of the group `path` and of the enclosing ones, as far as they are visible here.
    fn limit_files(&self, path: &str) -> Vec<PathBuf> {
        let name = match self.version {
            Version::One => "memory.limit_in_bytes",
            Version::Two => "memory.max",
        };
        // In a container the path may be the host's, of which only the container's own group is visible.
        let inside = Path::new(path).strip_prefix(&self.root);
        let inside = inside.unwrap_or(Path::new(""));
        let is_plain = inside
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        let inside = if is_plain { inside } else { Path::new("") };
        let groups = inside.ancestors();
        groups
            .map(|group| self.place.join(group).join(name))
            .collect()
    }
}

/// Decodes blanks and backslashes, which `mountinfo` writes as three octal digits.
fn unescape(text: &str) -> String {
    let codes = [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ];
    codes
        .into_iter()
        .fold(text.to_owned(), |text, (code, character)| {
            text.replace(code, character)
        })
}

#[cfg(test)]
mod tests;
