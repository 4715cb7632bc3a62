use std::io::{self, Read};

use proptest::prelude::*;

use super::*;

mod csv;
mod json;
mod text;

/// A reader that gives a few bytes at a time, in the given `sizes` over and over.
struct Choppy {
    bytes: Vec<u8>,
    at: usize,
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Choppy {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        let size = self.sizes[self.turn % self.sizes.len()];
        if size == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = size.min(buffer.len()).min(self.bytes.len() - self.at);
        buffer[..length].copy_from_slice(&self.bytes[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

/// Sizes of reads: the smallest possible, then arbitrary ones.
fn sizes() -> impl Strategy<Value = Vec<usize>> {
    let some = prop::collection::vec(0usize..40, 0..5).prop_map(|mut sizes| {
        sizes.push(3);
        sizes
    });
    prop_oneof![Just(vec![1]), some, Just(vec![usize::MAX])]
}

/// The output of a converter.
#[derive(Debug, PartialEq)]
struct Made {
    text: Vec<u8>,
    error: Option<String>,
    /// The places where records begin, in the text and in the file.
    seeks: Vec<(u64, u64)>,
}

impl Made {
    fn lines(&self) -> Vec<&str> {
        let text = std::str::from_utf8(&self.text).unwrap();
        assert!(text.is_empty() || text.ends_with('\n') || self.error.is_some());
        text.lines().collect()
    }
}

/// Runs a converter over `bytes`, the first of which is at `offset` in its file. The text begins at `position`.
fn run(
    bytes: &[u8],
    offset: u64,
    convert: impl Convert + 'static,
    position: u64,
    sizes: &[usize],
) -> Made {
    let raw = Choppy {
        bytes: bytes.to_vec(),
        at: 0,
        sizes: sizes.to_vec(),
        turn: 0,
    };
    read_all(
        Converter::over(Box::new(raw), offset, convert, position),
        bytes.len(),
    )
}

fn read_all(mut converter: Converter, input_bytes: usize) -> Made {
    converter.track_seeks();
    let (mut text, mut buffer) = (Vec::new(), [0; 100]);
    let error = loop {
        match converter.read(&mut buffer) {
            Ok(0) => break None,
            Ok(length) => text.extend_from_slice(&buffer[..length]),
            Err(error) => break Some(error.to_string()),
        }
        assert!(text.len() < (input_bytes + 100) * 1000, "no end");
    };
    assert_eq!(converter.read(&mut buffer).unwrap(), 0, "the end stays");
    let seeks = converter.out.seeks.take().unwrap_or_default().into();
    Made { text, error, seeks }
}

/// Checks that reading from any record gives what reading from the start gives.
fn check_resumed<C: Convert + 'static>(
    bytes: &[u8],
    whole: &Made,
    resumed: impl Fn() -> C,
    sizes: &[usize],
) {
    for (at, (position, place)) in whole.seeks.iter().enumerate() {
        let start = *place as usize;
        let made = run(&bytes[start..], *place, resumed(), *position, sizes);
        assert_eq!(
            made.text,
            whole.text[*position as usize..],
            "from byte {start}"
        );
        assert_eq!(made.error, whole.error);
        assert_eq!(made.seeks, whole.seeks[at..]);
    }
}

/// Returns `bytes` with some of them changed, left out or inserted.
fn mutated(bytes: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        prop::sample::select(&b"\"\"{}[],:\\\n\r\t; a1\0\xFF"[..]),
        any::<u8>()
    ];
    let edit = (any::<prop::sample::Index>(), 0..3, byte);
    prop::collection::vec(edit, 1..6).prop_map(move |edits| {
        let mut bytes = bytes.clone();
        for (at, kind, byte) in edits {
            let at = at.index(bytes.len() + 1);
            match kind {
                0 => bytes.insert(at, byte),
                1 if at < bytes.len() => bytes[at] = byte,
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => {}
            }
        }
        bytes
    })
}
