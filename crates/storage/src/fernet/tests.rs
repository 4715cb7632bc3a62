use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;

/// The example of the Fernet specification: the key, the IV and the token of `hello`, whose time alone is another.
const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

fn key() -> FernetKey {
    FernetKey::parse(KEY).unwrap()
}

fn sealed(text: &[u8]) -> Vec<u8> {
    let mut token = Vec::new();
    let iv = seal::iv_of(&key(), text).unwrap();
    seal::seal(&key(), iv, text, &mut token).unwrap();
    token
}

fn opened(folder: &Path, token: &[u8]) -> crate::Result<UnsealedFile> {
    let path = folder.join("token");
    fs::write(&path, token).unwrap();
    UnsealedFile::open_checked(Arc::new(File::open(&path).unwrap()), &path, &key())
}

#[test]
fn the_token_of_the_specification_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
    let mut text = String::new();
    // An editor may have added a line end.
    for token in [token.to_owned(), format!("{token}\n")] {
        text.clear();
        let mut file = opened(folder.path(), token.as_bytes()).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
    }
}

#[test]
fn a_token_is_the_same_for_the_same_text_and_another_for_others() {
    assert_eq!(sealed(b"one"), sealed(b"one"));
    let (one, other) = (sealed(b"one"), sealed(b"two"));
    // From the IV on.
    assert_ne!(one[12..28], other[12..28]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_part_of_a_text_comes_back(
        length in prop_oneof![0_usize..70, 98_000_usize..99_000, 196_000_usize..197_000],
        starts in prop::collection::vec(0_u64..200_000, 1..6),
    ) {
        let text: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
        let folder = tempfile::tempdir().unwrap();
        let mut file = opened(folder.path(), &sealed(&text)).unwrap();
        prop_assert_eq!(file.length(), length as u64);
        for start in starts {
            let mut part = Vec::new();
            file.seek(SeekFrom::Start(start)).unwrap();
            (&mut file).take(1000).read_to_end(&mut part).unwrap();
            let begin = length.min(start as usize);
            prop_assert_eq!(&part[..], &text[begin..length.min(begin + 1000)]);
        }
        let mut all = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut all).unwrap();
        prop_assert_eq!(all, text);
    }

    #[test]
    fn whatever_is_changed_is_found(at in 0_usize..120, to in any::<u8>()) {
        let mut token = sealed(b"twenty bytes of text and then some more");
        let at = at % token.len();
        prop_assume!(token[at] != to);
        token[at] = to;
        let folder = tempfile::tempdir().unwrap();
        // The last characters before padding have bits that mean nothing; those are no base64 then.
        prop_assert!(opened(folder.path(), &token).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let folder = tempfile::tempdir().unwrap();
        prop_assert!(opened(folder.path(), &bytes).is_err());
    }
}

#[test]
fn a_file_that_is_cut_off_or_of_another_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let token = sealed(&[7; 1000]);
    for length in [0, 1, 10, 100, token.len() - 4, token.len() - 1] {
        let error = opened(folder.path(), &token[..length]).unwrap_err();
        assert!(
            matches!(error, crate::Error::NotSealed { .. }),
            "{length}: {error}"
        );
    }
    let other = FernetKey::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let path = folder.path().join("other");
    fs::write(&path, &token).unwrap();
    let error = UnsealedFile::open_checked(Arc::new(File::open(&path).unwrap()), &path, &other)
        .unwrap_err();
    assert!(error.to_string().contains("another key"), "{error}");
}

#[test]
fn no_message_shows_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let mut file = File::create(&path).unwrap();
    file.write_all(b"  hunter2-hunter2  \n").unwrap();
    let place = KeyPlace::File(path.clone());
    let error = place.load().unwrap_err().to_string();
    assert!(
        error.contains("does not hold a Fernet key") && !error.contains("hunter2"),
        "{error}"
    );
    fs::write(&path, format!("{KEY}\n")).unwrap();
    let key = place.load().unwrap();
    assert_eq!(format!("{key:?}"), "FernetKey(..)");
    assert_eq!(key.fingerprint().len(), 8);
    assert!(FernetKey::parse(&KEY[1..]).is_none());
    let missing = KeyPlace::File(folder.path().join("none"));
    assert!(missing.load().unwrap_err().to_string().contains("none"));
}
