use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

use super::*;

const LIMITS: Limits = Limits {
    member_bytes: 1 << 20,
    total_bytes: 1 << 20,
};

/// Returns the header of a file in a tar archive, and its content.
fn tar_member(name: &str, kind: u8, length: u64, content: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    match length < 1 << 33 {
        true => block[124..135].copy_from_slice(format!("{length:011o}").as_bytes()),
        false => {
            block[124] = 0x80;
            block[128..136].copy_from_slice(&length.to_be_bytes());
        }
    }
    block[156] = kind;
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block.extend(content);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

fn tar_file(name: &str, content: &str) -> Vec<u8> {
    tar_member(name, b'0', content.len() as u64, content.as_bytes())
}

/// Returns a ZIP archive of compressed files that claim to have the given numbers of bytes.
fn zip(files: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content, length) in files {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        packed.write_all(content).unwrap();
        let packed = packed.finish().unwrap();
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(content);
        let mut fields = vec![0; 4];
        fields.extend(8_u16.to_le_bytes());
        fields.extend([0; 4]);
        fields.extend(hasher.finalize().to_le_bytes());
        fields.extend((packed.len() as u32).to_le_bytes());
        fields.extend(length.to_le_bytes());
        fields.extend((name.len() as u16).to_le_bytes());
        let start = archive.len() as u32;
        archive.extend(b"PK\x03\x04");
        archive.extend(&fields);
        archive.extend([0; 2]);
        archive.extend(name.as_bytes());
        archive.extend(packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&fields);
        directory.extend([0; 12]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = archive.len() as u32;
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06");
    archive.extend([0; 8]);
    archive.extend((directory.len() as u32).to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    archive
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Writes an archive under a name, and reads its content.
fn read(name: &str, archive: &[u8], limits: Limits) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, archive).unwrap();
    let members = read_members(&path, limits, |name| name.ends_with(b".tex"));
    let members = members.map_err(|error| error.to_string())?;
    Ok(members
        .into_iter()
        .map(|member| String::from_utf8_lossy(&member.bytes).into_owned())
        .collect())
}

#[test]
fn wanted_files_are_read_in_the_order_of_the_archive() {
    let long = format!("{}.tex", "x".repeat(200));
    let attributes = "20 path=../../b.tex\n10 size=2\n6 a=b\n";
    let tar = [
        tar_file("b.tex", "1"),
        tar_file("a.txt", "2"),
        tar_member("dir.tex/", b'0', 0, b""),
        tar_member("link.tex", b'2', 9, b""),
        tar_file("a.tex", "3"),
        tar_member("././@LongLink", b'L', long.len() as u64, long.as_bytes()),
        tar_file("cut", "4"),
        tar_member(
            "attributes",
            b'x',
            attributes.len() as u64,
            attributes.as_bytes(),
        ),
        tar_member("other", b'0', 7, b"55"),
        vec![0; 1024],
        b"rubbish".to_vec(),
    ]
    .concat();
    let expected = Ok(["1", "3", "4", "55"].map(str::to_owned).to_vec());
    assert_eq!(read("a.TAR", &tar, LIMITS), expected);
    assert_eq!(read("a.tar", &gzip(&tar), LIMITS), expected);
    assert_eq!(read("a.tgz", &gzip(&tar), LIMITS), expected);
    let files: [(&str, &[u8], u32); 3] = [
        ("/etc/b.tex", b"1", 1),
        ("c", b"2", 1),
        ("../a.tex", b"33", 2),
    ];
    let expected = Ok(["1", "33"].map(str::to_owned).to_vec());
    assert_eq!(read("a.zip", &zip(&files), LIMITS), expected);
    // Other data may come before a ZIP archive.
    let archive = [b"#!/bin/sh\n".to_vec(), zip(&files)].concat();
    assert_eq!(read("a.zip", &archive, LIMITS), expected);
}

#[test]
fn large_files_are_left_out_and_too_many_end_the_reading() {
    let limits = Limits {
        member_bytes: 3,
        total_bytes: 5,
    };
    let texts = ["1", "4444", "333", "22", "1"];
    let tar: Vec<u8> = texts
        .iter()
        .flat_map(|text| tar_file("a.tex", text))
        .collect();
    let expected = Ok(["1", "333"].map(str::to_owned).to_vec());
    assert_eq!(read("a.tar", &tar, limits), expected);
    let files = texts.map(|text| ("a.tex", text.as_bytes(), text.len() as u32));
    assert_eq!(read("a.zip", &zip(&files), limits), expected);
}

#[test]
fn what_an_archive_says_of_itself_is_not_believed() {
    let bomb = vec![b'a'; 50 << 20];
    // The file has more bytes than it claims, and fewer.
    for length in [10, u32::MAX] {
        let limits = Limits {
            member_bytes: u64::MAX,
            total_bytes: u64::MAX,
        };
        assert!(
            read(
                "a.zip",
                &zip(&[("a.tex", &bomb[..1 << 20], length)]),
                limits
            )
            .is_err()
        );
    }
    assert_eq!(
        read(
            "a.zip",
            &zip(&[("a.tex", &bomb, bomb.len() as u32)]),
            LIMITS
        ),
        Ok(vec![])
    );
    for length in [1 << 19, u64::MAX, u64::MAX - 511] {
        for name in ["a.tex", "a.txt"] {
            let limits = Limits {
                member_bytes: u64::MAX,
                total_bytes: u64::MAX,
            };
            let tar = tar_member(name, b'0', length, b"short");
            assert!(read("a.tar", &tar, limits).is_err(), "{name} {length}");
        }
    }
    let name = tar_member("name", b'L', 1 << 30, b"short");
    assert!(read("a.tar", &name, LIMITS).is_err());
}

#[test]
fn damaged_archives_end_in_an_error_or_in_fewer_files() {
    let tar = [
        tar_file("a.tex", "1"),
        tar_file("b.tex", "2"),
        vec![0; 1024],
    ]
    .concat();
    let zip = zip(&[("a.tex", b"1", 1), ("b.tex", b"2", 1)]);
    let packed = gzip(&tar);
    for (name, archive) in [("a.tar", &tar), ("a.zip", &zip), ("a.tgz", &packed)] {
        for cut in 0..archive.len().min(600) {
            let read = read(name, &archive[..archive.len() - 1 - cut], LIMITS);
            assert!(read.unwrap_or_default().len() <= 2);
        }
        for place in 0..archive.len().min(700) {
            let mut archive = archive.clone();
            archive[place] ^= 0xff;
            let read = read(name, &archive, LIMITS);
            assert!(read.unwrap_or_default().len() <= 2);
        }
    }
}

#[test]
fn other_files_are_refused() {
    assert!(read("a.tex", b"x", LIMITS).unwrap_err().contains(".tgz"));
    assert!(
        read("a.tar", b"x", LIMITS)
            .unwrap_err()
            .contains("tar file")
    );
    assert!(read("a.zip", b"x", LIMITS).unwrap_err().contains("ZIP"));
    assert!(read("a.tar.xz", b"x", LIMITS).is_err());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("folder.zip");
    std::fs::create_dir(&path).unwrap();
    let error = read_members(&path, LIMITS, |_| true)
        .unwrap_err()
        .to_string();
    assert!(error.contains("ordinary file"), "{error}");
}

/// Python's `tarfile` finds out itself how an archive is compressed, and fills the holes of sparse files.
#[test]
fn what_only_python_unpacks_is_refused_or_left_out() {
    for start in [&b"BZh91AY&SY"[..], b"\xfd7zXZ\0"] {
        let archive = [start, &[7; 600]].concat();
        let error = read("a.tar", &archive, LIMITS).unwrap_err();
        assert!(error.contains("not a tar file"), "{error}");
    }
    let sparse = [
        tar_member("holes.tex", b'S', 1, b"1"),
        tar_file("a.tex", "2"),
        vec![0; 1024],
    ];
    assert_eq!(
        read("a.tar", &sparse.concat(), LIMITS),
        Ok(vec!["2".to_owned()])
    );
}
