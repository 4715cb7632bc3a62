//! Tests valid archives, and malicious ones.

use super::*;

/// Returns an uncompressed ZIP archive of these files.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let length = u32::try_from(content.len()).unwrap().to_le_bytes();
        // Flags, method, time and date are all zero.
        let mut fields = vec![0; 10];
        fields.extend(crc32(content).to_le_bytes());
        fields.extend([length, length].concat());
        fields.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        let start = u32::try_from(archive.len()).unwrap();
        archive.extend(b"PK\x03\x04");
        archive.extend(&fields);
        archive.extend([0; 2]);
        archive.extend(name.as_bytes());
        archive.extend(*content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&fields);
        directory.extend([0; 12]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = u32::try_from(archive.len()).unwrap();
    let length = u32::try_from(directory.len()).unwrap();
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06");
    archive.extend([0; 8]);
    archive.extend(length.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    archive
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    !bytes
        .iter()
        .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

fn archive(files: &[(&str, &[u8])]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("punkt_tab.zip");
    fs::write(&path, zip(files)).unwrap();
    (folder, path)
}

#[track_caller]
fn refused(files: &[(&str, &[u8])], reason: &str) {
    let (folder, path) = archive(files);
    let error = unpack(&path, "punkt_tab/english").unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("punkt_tab.zip") && error.contains(reason),
        "{error}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_is_unpacked_beside_the_archive() {
    let (folder, path) = archive(&[
        ("punkt_tab/README", b"no"),
        ("punkt_tab/english/", b""),
        ("punkt_tab/english/a.txt", b"a"),
        ("punkt_tab/english/deep/b.txt", b"b"),
        ("punkt_tab/french/a.txt", b"c"),
    ]);
    // A download that was killed left this folder.
    let left = folder.path().join("punkt_tab/.english.unpacking");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("a.txt"), "half").unwrap();
    let place = unpack(&path, "punkt_tab/english").unwrap();
    assert_eq!(place, folder.path().join("punkt_tab/english"));
    assert_eq!(fs::read(place.join("a.txt")).unwrap(), b"a");
    assert_eq!(fs::read(place.join("deep/b.txt")).unwrap(), b"b");
    let count = || {
        fs::read_dir(folder.path().join("punkt_tab"))
            .unwrap()
            .count()
    };
    assert_eq!(count(), 1);
    unpack(&path, "punkt_tab/french").unwrap();
    assert_eq!(count(), 2);
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    for name in [
        "punkt_tab/english/../../../evil",
        "punkt_tab/english//evil",
        "punkt_tab/english/..\\..\\evil",
        "punkt_tab/english/./evil",
        "punkt_tab/english/x/../evil",
    ] {
        refused(
            &[("punkt_tab/english/good", b"x"), (name, b"x")],
            "leads out of its folder",
        );
    }
    // Names in other folders do not matter.
    let (folder, path) = archive(&[("../evil", b"x"), ("punkt_tab/english/a", b"a")]);
    unpack(&path, "punkt_tab/english").unwrap();
    assert!(!folder.path().join("../evil").exists());
}

#[test]
fn damaged_archives_are_refused() {
    refused(
        &[("punkt_tab/french/a", b"a")],
        "no folder `punkt_tab/english`",
    );
    refused(&[], "no folder");
    let (_folder, path) = archive(&[("punkt_tab/english/a.txt", b"a text of some length")]);
    let whole = fs::read(&path).unwrap();
    for length in [0, 10, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(
            unpack(&path, "punkt_tab/english"),
            Err(Error::Archive { .. })
        ));
    }
    // One byte of the content is changed.
    let mut changed = whole;
    let at = 30 + "punkt_tab/english/a.txt".len() + 3;
    changed[at] ^= 1;
    fs::write(&path, &changed).unwrap();
    let error = unpack(&path, "punkt_tab/english").unwrap_err().to_string();
    assert!(error.contains("checksum"), "{error}");
    // The same file occurs twice.
    let twice: &[(&str, &[u8])] = &[("punkt_tab/english/a", b"1"), ("punkt_tab/english/a", b"2")];
    let (_folder, path) = archive(twice);
    assert!(unpack(&path, "punkt_tab/english").is_err());
    assert!(!path.with_file_name("punkt_tab/english").exists());
}
