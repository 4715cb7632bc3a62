//! What happens to a file.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::bench::Place;

/// The damage that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    CutToNothing,
    CutInHalf,
    CutByOneByte,
    FlipAtStart,
    FlipInMiddle,
    FlipAtEnd,
    Delete,
    /// It and all other files of its kind.
    DeleteAll(Vec<String>),
    /// A directory takes its place.
    Directory,
    /// It and another file of its kind take each other's place.
    Swap(String),
    /// A link leads to a file of somebody else.
    LinkAstray,
    /// A file takes the place of a link.
    FileForLink,
}

/// What a link is led to.
pub(crate) const STRANGER: &str = "stranger";

impl Harm {
    /// The harms that a file can come to by itself.
    pub(crate) fn of(path: &Path) -> Vec<Self> {
        if path.is_symlink() {
            return vec![
                Self::Delete,
                Self::Directory,
                Self::LinkAstray,
                Self::FileForLink,
            ];
        }
        let mut harms = vec![Self::Delete, Self::Directory];
        if path.metadata().unwrap().len() > 0 {
            harms.extend([
                Self::CutToNothing,
                Self::CutInHalf,
                Self::CutByOneByte,
                Self::FlipAtStart,
                Self::FlipInMiddle,
                Self::FlipAtEnd,
            ]);
        }
        harms
    }

    pub(crate) fn apply(&self, place: &Place, file: &str) {
        let path = place.path(file);
        match self {
            Self::CutToNothing => cut(&path, |_| 0),
            Self::CutInHalf => cut(&path, |length| length / 2),
            Self::CutByOneByte => cut(&path, |length| length - 1),
            Self::FlipAtStart => flip(&path, |_| 0),
            Self::FlipInMiddle => flip(&path, |length| length / 2),
            Self::FlipAtEnd => flip(&path, |length| length - 1),
            Self::Delete => fs::remove_file(&path).unwrap(),
            Self::DeleteAll(files) => files
                .iter()
                .for_each(|file| fs::remove_file(place.path(file)).unwrap()),
            Self::Directory => {
                fs::remove_file(&path).unwrap();
                fs::create_dir(&path).unwrap();
            }
            Self::Swap(like) => {
                let (like, aside) = (place.path(like), place.path("aside"));
                fs::rename(&path, &aside).unwrap();
                fs::rename(&like, &path).unwrap();
                fs::rename(&aside, &like).unwrap();
            }
            Self::LinkAstray => {
                fs::write(place.path(STRANGER), STRANGER).unwrap();
                fs::remove_file(&path).unwrap();
                symlink(place.path(STRANGER), &path).unwrap();
            }
            Self::FileForLink => {
                fs::remove_file(&path).unwrap();
                fs::write(&path, STRANGER).unwrap();
            }
        }
    }
}

fn cut(path: &Path, length: impl Fn(usize) -> usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes.truncate(length(bytes.len()));
    fs::write(path, bytes).unwrap();
}

/// Flips the lowest bit of a byte, by which a digit of a text becomes another digit.
fn flip(path: &Path, at: impl Fn(usize) -> usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at(bytes.len());
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}
