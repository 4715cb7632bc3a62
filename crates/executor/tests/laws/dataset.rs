//! Random datasets: odd JSON, odd lines, several files, packed or not.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use coldpress_dataset::{FileCompression, RowsEncoder};
use coldpress_record::trim_record;
use proptest::prelude::*;

/// The files of a dataset, in plan order.
#[derive(Clone, Debug)]
pub(crate) struct Dataset {
    pub(crate) files: Vec<DataFile>,
}

/// One file: its text, and how it is packed.
#[derive(Clone)]
pub(crate) struct DataFile {
    pub(crate) text: Vec<u8>,
    packing: Packing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
    /// Two members one after the other.
    GzipTwice,
}

impl std::fmt::Debug for DataFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:?} {:?}",
            self.packing,
            String::from_utf8_lossy(&self.text)
        )
    }
}

impl Dataset {
    /// One plain file with these lines.
    pub(crate) fn of_lines(lines: impl IntoIterator<Item = String>) -> Self {
        let text = lines
            .into_iter()
            .flat_map(|line| format!("{line}\n").into_bytes())
            .collect();
        Self {
            files: vec![DataFile {
                text,
                packing: Packing::Plain,
            }],
        }
    }

    /// One plain file with a record per text, numbered.
    pub(crate) fn of_texts(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let record = |(number, text): (usize, _)| {
            let text: &str = AsRef::as_ref(&text);
            format!(
                r#"{{"n": {number}.50, "text": {}}}"#,
                serde_json::to_string(text).unwrap()
            )
        };
        Self::of_lines(
            texts
                .into_iter()
                .map(|text| text.as_ref().to_owned())
                .enumerate()
                .map(record),
        )
    }

    /// Adds a plain file with this text.
    pub(crate) fn add_plain(&mut self, text: &str) {
        let text = text.as_bytes().to_vec();
        let packing = Packing::Plain;
        self.files.push(DataFile { text, packing });
    }

    /// Writes the files into `folder`; the paths are in plan order.
    pub(crate) fn write(&self, folder: &Path) -> Vec<PathBuf> {
        fs::create_dir_all(folder).unwrap();
        let write = |(number, file): (usize, &DataFile)| {
            let path = folder.join(format!("data-{number}.jsonl{}", file.packing.suffix()));
            fs::write(&path, file.packed()).unwrap();
            path
        };
        self.files.iter().enumerate().map(write).collect()
    }
}

impl DataFile {
    /// Its records: the lines that are not blank.
    pub(crate) fn records(&self) -> u64 {
        let lines = self.text.split(|byte| *byte == b'\n');
        lines.filter(|line| !trim_record(line).is_empty()).count() as u64
    }

    fn packed(&self) -> Vec<u8> {
        let pack = |bytes: &[u8], compression| {
            let mut encoder = RowsEncoder::new(Vec::new(), compression).unwrap();
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        match self.packing {
            Packing::Plain => self.text.clone(),
            Packing::Gzip => pack(&self.text, FileCompression::Gzip),
            Packing::Zstd => pack(&self.text, FileCompression::Zstd),
            Packing::GzipTwice => {
                let (first, second) = self.text.split_at(self.text.len() / 2);
                [
                    pack(first, FileCompression::Gzip),
                    pack(second, FileCompression::Gzip),
                ]
                .concat()
            }
        }
    }
}

impl Packing {
    fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gzip | Self::GzipTwice => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

/// Any dataset; it may have no record at all.
pub(crate) fn any_dataset() -> impl Strategy<Value = Dataset> {
    prop::collection::vec(any_file(24), 1..4).prop_map(|files| Dataset { files })
}

/// A dataset with several records, so that there is something to cut.
pub(crate) fn long_dataset() -> impl Strategy<Value = Dataset> {
    let first = prop::collection::vec((good_line(), Just("\n")), 4..10)
        .prop_map(|lines| text_of(&lines, None));
    let first = first.prop_map(|text| DataFile {
        text,
        packing: Packing::Plain,
    });
    (first, prop::collection::vec(any_file(16), 0..3)).prop_map(|(first, mut files)| {
        files.insert(0, first);
        Dataset { files }
    })
}

/// A file of lines; never one whose only line is a list, since that is read as a list of records.
fn any_file(lines: usize) -> impl Strategy<Value = DataFile> {
    let ends = prop_oneof![4 => Just("\n"), 1 => Just("\r\n")];
    let lines = prop::collection::vec((any_line(), ends), 0..lines);
    let last = prop::option::weighted(0.4, prop_oneof![4 => any_line(), 1 => torn_line()]);
    let packing = prop_oneof![4 => Just(Packing::Plain), 1 => Just(Packing::Gzip), 1 => Just(Packing::Zstd), 1 => Just(Packing::GzipTwice)];
    let files = (any::<bool>(), lines, last, packing).prop_map(|(mark, lines, last, packing)| {
        let mut text = text_of(&lines, last.as_deref());
        if mark && !text.is_empty() {
            text.splice(0..0, *b"\xEF\xBB\xBF");
        }
        DataFile { text, packing }
    });
    files.prop_filter("a list of records", |file| !is_one_list(&file.text))
}

fn is_one_list(text: &[u8]) -> bool {
    let lines = text.split(|byte| *byte == b'\n');
    let records = lines.map(|line| &line[trim_record(line)]);
    let mut records = records.filter(|record| !record.is_empty());
    records.next() == Some(LIST) && records.next().is_none()
}

fn text_of(lines: &[(Vec<u8>, &str)], last: Option<&[u8]>) -> Vec<u8> {
    let mut text = Vec::new();
    for (line, end) in lines {
        text.extend_from_slice(line);
        text.extend_from_slice(end.as_bytes());
    }
    text.extend_from_slice(last.unwrap_or_default());
    text
}

fn any_line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![12 => good_line(), 4 => odd_line(), 2 => bad_line(), 1 => blank_line()]
}

/// A record with a text, and fields that nobody touches in odd spellings.
fn good_line() -> impl Strategy<Value = Vec<u8>> {
    (text(), 0usize..UNTOUCHED.len(), any::<u16>()).prop_map(|(text, untouched, number)| {
        let text = serde_json::to_string(&text).unwrap();
        UNTOUCHED[untouched]
            .replace("TEXT", &text)
            .replace("NUMBER", &number.to_string())
            .into_bytes()
    })
}

const UNTOUCHED: [&str; 8] = [
    r#"{"n": NUMBER, "text": TEXT, "__dj__uid": NUMBER}"#,
    r#"{"__dj__uid":-NUMBER,"text":TEXT,"big":123456789012345678901234567890,"f":1.0e+07}"#,
    r#"{ "esc": "\u00e9\/\ud83d\ude00" ,"text" : TEXT , "n":NUMBER.50 }"#,
    r#"  {"n": NUMBER, "text": TEXT, "text2": null, "meta": {"title": "old", "x": [1, {"text": 2}]}}	"#,
    r#"{"__dj__uid": NUMBER, "text": "first", "n": NUMBER, "text": TEXT}"#,
    r#"{"lone": "\ud800", "text": TEXT}"#,
    r#"{"meta.title": "literal", "text": TEXT, "meta": {"title": "nested"}}"#,
    r#"{"text": TEXT, "__dj__stats__": {"length": 7, "draw": NUMBER}, "n": -0.0}"#,
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => words(), 2 => again()]
}

/// A text that other records may have too, or have but for a space, a word or a line.
fn again() -> impl Strategy<Value = String> {
    let texts = [
        "the quick brown fox jumps over the lazy dog",
        " the quick brown fox jumps over the lazy dog\n",
        "The quick brown fox jumps over the lazy dog",
        "the quick brown fox jumps over the lazy cat",
        "menu | home\nthe first page\nall rights reserved",
        "menu | home\nthe second page\nall rights reserved\n",
        "menu | home",
        "the lazy dog",
        "",
        "  ",
    ];
    prop::sample::select(texts.map(str::to_owned).to_vec())
}

fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => prop::sample::select(&["the", "quick", "a", "Lorem", "ipsum", "o e", "naïve", "数据", "\u{1F600}", "x\"y", "back\\slash", "tab\t", "nul\0"][..]).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| text.chars().take(6).collect()),
        1 => prop::sample::select(&[crate::operators::ERR, crate::operators::BANG, crate::operators::FRAIL][..]).prop_map(str::to_owned),
    ];
    prop::collection::vec(word, 0..8).prop_map(|words| words.join(" "))
}

/// A record whose text is none.
fn odd_line() -> impl Strategy<Value = Vec<u8>> {
    let lines = [
        r#"{"n": 1}"#,
        r#"{"text": null}"#,
        r#"{"text": 5.0, "n": 1E5}"#,
        r#"{"text": ["a"]}"#,
        r#"{}"#,
        r#"{"text": "half \ud83d"}"#,
        r#"{"te\u0078t": "escaped key"}"#,
        r#"{"text": "\u0065rr"}"#,
        r#"{"text": "x", "text": null}"#,
        r#"{"meta": {"title": "a"}, "meta": {"title": "b"}, "text": "two metas"}"#,
        r#"{"text": "given", "__dj__stats__": {"length": 1e400, "vowel ratio": 0.25, "draw": "x"}}"#,
        r#"{"text": "", "__dj__stats__": 3}"#,
    ];
    prop::sample::select(lines.map(|line| line.as_bytes().to_vec()).to_vec())
}

/// A line that is no record, unless a file consists of it.
const LIST: &[u8] = b"[1, 2]";

/// A line that is no record.
fn bad_line() -> impl Strategy<Value = Vec<u8>> {
    let lines: [&[u8]; 9] = [
        b"nonsense",
        LIST,
        b"42",
        b"null",
        b"{\"text\": \"\xFF\"}",
        b"{\"text\": \"cut",
        b"{\"text\": 1,}",
        b"{\"text\": \"a\"} []",
        b"{\"text\": \"a\xE4\xB8",
    ];
    prop::sample::select(lines.map(<[u8]>::to_vec).to_vec())
}

fn blank_line() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec![
        b"".to_vec(),
        b"  ".to_vec(),
        b"\t".to_vec(),
        b"\xEF\xBB\xBF".to_vec(),
    ])
}

/// What a torn write leaves at the end of a file.
fn torn_line() -> impl Strategy<Value = Vec<u8>> {
    let lines: [&[u8]; 3] = [b"{\"text\": \"to", b"{\"n\": 1", b"{\"text\": \"a\xE4\xB8"];
    prop::sample::select(lines.map(<[u8]>::to_vec).to_vec())
}
