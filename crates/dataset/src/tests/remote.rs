//! Datasets at URLs: what is found, what is read, and what happens if that changes or cannot be read.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use coldpress_storage::{
    Error as StorageError, ObjectStore, RemoteFile, RemoteFiles, RemoteMeta, Scheme,
    StorageOptions, StoreSchemes, Waits,
};

use super::*;

/// Files at `test://` URLs.
#[derive(Clone, Debug, Default)]
struct Server(Arc<Mutex<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    files: BTreeMap<String, Vec<u8>>,
    /// True if reading may begin anywhere.
    seekable: bool,
    /// True if it does not say which version a file is.
    unversioned: bool,
    /// The offset at which reading breaks off for good.
    broken_at: Option<u64>,
    requests: Vec<String>,
}

#[derive(Debug)]
struct File(Server, RemoteMeta);

impl Server {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let files = files.iter();
        let shared = Shared {
            files: files
                .map(|(url, bytes)| ((*url).to_owned(), bytes.to_vec()))
                .collect(),
            seekable: true,
            ..Shared::default()
        };
        Self(Arc::new(Mutex::new(shared)))
    }

    fn schemes(&self) -> StoreSchemes {
        StoreSchemes::default().with_scheme("test", self.clone())
    }

    fn meta(&self, url: &str) -> coldpress_storage::Result<RemoteMeta> {
        let mut shared = self.0.lock().unwrap();
        shared.requests.push(format!("HEAD {url}"));
        let bytes = shared.files.get(url).ok_or(StorageError::NotFound {
            store: "the server".to_owned(),
            name: url.to_owned(),
        })?;
        Ok(RemoteMeta {
            url: url.to_owned(),
            length: bytes.len() as u64,
            version: (!shared.unversioned)
                .then(|| coldpress_storage::Digest::of(bytes).to_string()),
            modified_nanos: 1,
            seekable: shared.seekable,
        })
    }

    fn resolve(&self, url: &str) -> Result<Resolved> {
        let (options, schemes) = (ResolveOptions::default(), self.schemes());
        resolve_inputs(&[url.to_owned()], &options, &schemes, &mut |_| Ok(true))
    }

    fn names(&self, url: &str) -> Vec<String> {
        let sources = self.resolve(url).unwrap().sources;
        sources
            .iter()
            .map(|source| source.path.display().to_string())
            .collect()
    }
}

impl Scheme for Server {
    fn store(
        &self,
        url: &str,
        _: &StorageOptions,
        _: &Waits,
    ) -> coldpress_storage::Result<Arc<dyn ObjectStore>> {
        panic!("nobody keeps files of a job at {url}")
    }

    fn files(
        &self,
        _: &str,
        _: &StorageOptions,
        _: &Waits,
    ) -> coldpress_storage::Result<Arc<dyn RemoteFiles>> {
        Ok(Arc::new(self.clone()))
    }
}

impl RemoteFiles for Server {
    fn examine(&self, url: &str) -> coldpress_storage::Result<RemoteMeta> {
        self.meta(url)
    }

    fn list(
        &self,
        prefix: &str,
        each: &mut dyn FnMut(RemoteMeta) -> coldpress_storage::Result<()>,
    ) -> coldpress_storage::Result<()> {
        let urls: Vec<String> = self.0.lock().unwrap().files.keys().cloned().collect();
        let mut urls = urls.iter().filter(|url| url.starts_with(prefix));
        urls.try_for_each(|url| each(self.meta(url)?))
    }

    fn open(&self, meta: &RemoteMeta) -> coldpress_storage::Result<Arc<dyn RemoteFile>> {
        Ok(Arc::new(File(self.clone(), meta.clone())))
    }
}

impl RemoteFile for File {
    fn meta(&self) -> &RemoteMeta {
        &self.1
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> coldpress_storage::Result<()> {
        let now = self.0.meta(&self.1.url)?;
        if now.version != self.1.version {
            return Err(StorageError::Changed {
                url: now.url,
                what: "it has another version".to_owned(),
            });
        }
        let mut shared = self.0.0.lock().unwrap();
        let end = offset + buffer.len() as u64;
        shared.requests.push(format!("GET {offset}..{end}"));
        assert!(shared.seekable || offset == 0, "nothing can be sought");
        if shared.broken_at.is_some_and(|broken| end > broken) {
            let refused = io::Error::from(io::ErrorKind::ConnectionReset);
            return Err(StorageError::store(
                &"the server",
                "read",
                &self.1.url,
                refused,
            ));
        }
        let bytes = &shared.files[&self.1.url];
        buffer.copy_from_slice(&bytes[offset as usize..end as usize]);
        Ok(())
    }

    fn stream(&self, range: Range<u64>) -> coldpress_storage::Result<Box<dyn Read + Send>> {
        let file = Self(self.0.clone(), self.1.clone());
        Ok(Box::new(Stream { file, range }))
    }
}

/// A range in pieces of a thousand bytes.
struct Stream {
    file: File,
    range: Range<u64>,
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.range.end - self.range.start;
        let length = left.min(buffer.len() as u64).min(1000) as usize;
        let mut piece = vec![0; length];
        if length > 0 && self.file.0.0.lock().unwrap().seekable {
            self.file.read_at(self.range.start, &mut piece)?;
        } else if length > 0 {
            let shared = self.file.0.0.lock().unwrap();
            let start = self.range.start as usize;
            piece.copy_from_slice(&shared.files[&self.file.1.url][start..start + length]);
        }
        self.range.start += length as u64;
        buffer[..length].copy_from_slice(&piece);
        Ok(length)
    }
}

const RECORD: &[u8] = b"{\"a\": 1}\n";

#[test]
fn a_url_means_a_file_a_folder_or_a_pattern() {
    let server = Server::new(&[
        ("test://b/data/a.jsonl", RECORD),
        ("test://b/data/b c.jsonl", RECORD),
        ("test://b/data/deep/c.jsonl", RECORD),
        ("test://b/data/deep/notes.txt", b"notes"),
        ("test://b/data/.hidden.jsonl", RECORD),
        ("test://b/data/_temporary/d.jsonl", RECORD),
        ("test://b/data/folder/", b""),
        ("test://b/database.jsonl", RECORD),
    ]);
    let data = |names: &[&str]| -> Vec<String> {
        let names = names.iter();
        names.map(|name| format!("test://b/data/{name}")).collect()
    };
    assert_eq!(server.names("test://b/data/a.jsonl"), data(&["a.jsonl"]));
    let all = data(&["a.jsonl", "b c.jsonl", "deep/c.jsonl"]);
    assert_eq!(server.names("test://b/data"), all);
    assert_eq!(server.names("test://b/data/"), all);
    let flat = data(&["a.jsonl", "b c.jsonl"]);
    assert_eq!(server.names("test://b/data/*.jsonl"), flat);
    assert_eq!(server.names("test://b/**/c.jsonl"), data(&["deep/c.jsonl"]));
    let notes = server.resolve("test://b/data/").unwrap().notes.join("\n");
    assert!(notes.contains("deep/notes.txt"), "{notes}");
    for missing in ["test://b/none", "test://b/data/*.parquet", "test://b/dat"] {
        let error = server.resolve(missing).unwrap_err().to_string();
        assert!(
            error.contains(&format!("`{missing}` does not exist")),
            "{error}"
        );
    }
    let error = resolve(&["test://b/data".to_owned()], &[]).unwrap_err();
    assert!(error.to_string().contains("scheme `test`"), "{error}");
}

#[test]
fn a_file_behind_a_url_reads_as_one_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (0..5_000)
        .map(|number| format!("{{\"a\": {number}, \"b\": \"x\"}}\n"))
        .collect();
    let csv: String = (0..5_000).map(|number| format!("{number},x\n")).collect();
    let forms = [
        ("a.jsonl", lines.clone().into_bytes()),
        (
            "a.jsonl.gz",
            packed(lines.as_bytes(), FileCompression::Gzip),
        ),
        (
            "a.jsonl.zst",
            packed(lines.as_bytes(), FileCompression::Zstd),
        ),
        ("a.csv", format!("a,b\n{csv}").into_bytes()),
    ];
    for seekable in [true, false] {
        for (name, bytes) in &forms {
            let url = format!("test://b/{name}");
            let server = Server::new(&[(&url, bytes)]);
            server.0.lock().unwrap().seekable = seekable;
            let remote = server.resolve(&url).unwrap().sources.remove(0);
            let path = write(folder.path(), name, bytes).display().to_string();
            let local = resolve(&[path], &[]).unwrap().sources.remove(0);
            for start in [0, 25, local.identity.length / 2] {
                let all = read(&local, start, None);
                assert_eq!(read(&remote, start, None), all, "{name} {seekable}");
            }
            assert_eq!(remote.is_addressable(), seekable && *name == "a.jsonl");
        }
    }
}

#[test]
fn a_slice_is_asked_for_and_nothing_behind_it() {
    let text = b"{\"a\": 1}\n".repeat(10_000);
    let server = Server::new(&[("test://b/a.jsonl", &text)]);
    let source = server
        .resolve("test://b/a.jsonl")
        .unwrap()
        .sources
        .remove(0);
    server.0.lock().unwrap().requests.clear();
    let (records, _) = read(&source, 900, Some(1_800));
    assert_eq!(records.len(), 100);
    let shared = server.0.lock().unwrap();
    let reads = shared.requests.iter().filter(|one| one.starts_with("GET"));
    assert_eq!(reads.collect::<Vec<_>>(), ["GET 900..1800"]);
}

#[test]
fn what_changed_is_refused() {
    let server = Server::new(&[("test://b/a.jsonl", RECORD)]);
    let source = server
        .resolve("test://b/a.jsonl")
        .unwrap()
        .sources
        .remove(0);
    assert_eq!(source.check_unchanged().unwrap(), Touched::Same);
    // The new content has the same length, and the same time of change.
    let changed = b"{\"a\": 2}\n".to_vec();
    let mut shared = server.0.lock().unwrap();
    shared.files.insert("test://b/a.jsonl".to_owned(), changed);
    drop(shared);
    let refused = source.check_unchanged().unwrap_err();
    assert!(matches!(refused, Error::Changed { .. }), "{refused}");
    let mut stream = LineStream::open(&source, 0, None, 1 << 20).unwrap();
    let refused = stream.next_block(&mut Lines::default()).unwrap_err();
    assert!(matches!(refused, Error::Changed { .. }), "{refused}");
}

/// An error of the network is not damage of a file. Otherwise the rest of the file would be given up as lost.
#[test]
fn a_broken_connection_is_no_damage() {
    let text = b"{\"a\": 1}\n".repeat(300_000);
    for (name, bytes) in [
        ("a.jsonl", text.clone()),
        ("a.jsonl.gz", packed(&noise(400_000), FileCompression::Gzip)),
        (
            "a.jsonl.zst",
            packed(&noise(400_000), FileCompression::Zstd),
        ),
        ("a.txt", text.clone()),
        ("a.csv", b"a,b\n1,2\n".repeat(10)),
        (
            "a.json",
            [b"[".as_slice(), &b"{\"a\": 1},".repeat(100_000), b"{}]"].concat(),
        ),
    ] {
        let url = format!("test://b/{name}");
        let server = Server::new(&[(&url, &bytes)]);
        let source = server.resolve(&url).unwrap().sources.remove(0);
        server.0.lock().unwrap().broken_at = Some(bytes.len() as u64 / 2);
        let mut stream = LineStream::open(&source, 0, None, 1 << 26).unwrap();
        let mut lines = Lines::default();
        let failed = loop {
            match stream.next_block(&mut lines) {
                Ok(Block::End) => panic!("{name} ended: {:?}", stream.damage()),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert!(matches!(failed, Error::Io { .. }), "{name}: {failed}");
        // Nor is it damage while the dataset is being examined.
        server.0.lock().unwrap().broken_at = Some(1);
        let failed = server.resolve(&url).unwrap_err();
        assert!(matches!(failed, Error::Io { .. }), "{name}: {failed}");
    }
}

/// Returns lines that hardly compress.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut text = Vec::new();
    while text.len() < bytes {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        text.extend_from_slice(format!("{{\"a\": \"{state:x}\"}}\n").as_bytes());
    }
    text
}

#[test]
fn a_table_is_planned_from_its_footer() {
    let numbers = arrow::array::Int64Array::from_iter_values((0..400_000).map(|n| n * 7_919));
    let rows = arrow::array::RecordBatch::try_from_iter([("n", Arc::new(numbers) as _)]).unwrap();
    let mut bytes = Vec::new();
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_dictionary_enabled(false)
        .build();
    let mut writer =
        parquet::arrow::ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    assert!(bytes.len() > 3 << 20);
    let server = Server::new(&[("test://b/a.parquet", &bytes)]);
    let source = server.resolve("test://b/a.parquet").unwrap();
    let source = &source.sources[0];
    server.0.lock().unwrap().requests.clear();
    let table = TableFile::open(source).unwrap();
    let mut known = KnownParts::default();
    let planned = table.digest_of_rows(0..300_000, &mut known).unwrap();
    let fetched = |server: &Server| {
        let shared = server.0.lock().unwrap();
        let ranges = shared.requests.iter().filter_map(|one| {
            let (start, end) = one.strip_prefix("GET ")?.split_once("..")?;
            Some(end.parse::<u64>().ok()? - start.parse::<u64>().ok()?)
        });
        ranges.collect::<Vec<_>>()
    };
    let before: u64 = fetched(&server).iter().sum();
    assert!(before <= 2 << 20, "{before} bytes were fetched");
    let mut stream = table.stream(0..300_000).unwrap();
    let mut read = 0;
    while let Some(batch) = stream.next_rows().unwrap() {
        assert_eq!(batch, rows.slice(read, batch.num_rows()));
        read += batch.num_rows();
    }
    assert_eq!(read, 300_000);
    assert_eq!(stream.finish().unwrap(), planned);
    assert!(fetched(&server).len() < 12, "{:?}", fetched(&server));
    // Another version is another file, so no block of this one is used for it.
    let mut changed = bytes.clone();
    changed[1 << 20] ^= 1;
    let mut shared = server.0.lock().unwrap();
    shared
        .files
        .insert("test://b/a.parquet".to_owned(), changed);
    drop((table, shared));
    let opened = TableFile::open(source);
    assert!(matches!(opened, Err(Error::Changed { .. })), "{opened:?}");
}

#[test]
fn a_source_comes_from_another_process() {
    let server = Server::new(&[("test://b/a.jsonl", RECORD)]);
    let source = server
        .resolve("test://b/a.jsonl")
        .unwrap()
        .sources
        .remove(0);
    let json = serde_json::to_string(&source).unwrap();
    let mut sent: Source = serde_json::from_str(&json).unwrap();
    assert_eq!(sent, source);
    let unknown = LineStream::open(&sent, 0, None, 1 << 20).map(drop);
    let unknown = unknown.unwrap_err().to_string();
    assert!(unknown.contains("not told how to reach"), "{unknown}");
    assert!(sent.reach(&StoreSchemes::default()).is_err());
    sent.reach(&server.schemes()).unwrap();
    assert_eq!(read(&sent, 0, None).0.len(), 1);
    assert_eq!(sent.path.display().to_string(), "test://b/a.jsonl");
}

#[test]
fn a_server_that_tells_no_versions_is_warned_of() {
    let server = Server::new(&[("test://b/a.jsonl", b"{\"text\": \"one\"}\n")]);
    assert!(server.resolve("test://b/a.jsonl").unwrap().notes.is_empty());
    server.0.lock().unwrap().unversioned = true;
    let notes = server.resolve("test://b/a.jsonl").unwrap().notes;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].starts_with("the server of `test://b/a.jsonl` gives neither an ETag nor"),
        "{notes:?}"
    );
}
