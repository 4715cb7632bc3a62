//! A bucket of a server, for rounds that are played there.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use coldpress::remote::RemoteStore;
use coldpress::remote::testing::Server;
use coldpress::storage::{ObjectName, ObjectReader, ObjectStore};

/// A bucket that lives as long as its server, which ends with it.
pub(crate) struct Bucket {
    server: Server,
    /// The datasets that are in it.
    datasets: BTreeSet<String>,
}

impl Bucket {
    pub(crate) fn new() -> Self {
        Self {
            server: Server::s3(),
            datasets: BTreeSet::new(),
        }
    }

    /// Returns the URL of a name in it.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.server.url())
    }

    /// Returns the variables by which the program finds it.
    pub(crate) fn environment(&self) -> [(&'static str, String); 4] {
        self.server.environment()
    }

    /// Returns what is below a name.
    pub(crate) fn store(&self, name: &str) -> RemoteStore {
        RemoteStore::open(&self.url(name), &self.server.options()).unwrap()
    }

    /// Puts a dataset of this folder there, a file or a folder, unless it is there.
    pub(crate) fn put_dataset(&mut self, folder: &Path, name: &str) {
        if self.datasets.insert(name.to_owned()) {
            self.put(folder, name);
        }
    }

    fn put(&self, folder: &Path, name: &str) {
        let path = folder.join(name);
        if path.is_dir() {
            for entry in fs::read_dir(&path).unwrap() {
                let inside = entry.unwrap().file_name();
                self.put(folder, &format!("{name}/{}", inside.to_str().unwrap()));
            }
            return;
        }
        let store = RemoteStore::open(self.server.url(), &self.server.options()).unwrap();
        let mut writer = store.put_new(&ObjectName::new(name).unwrap()).unwrap();
        io::copy(&mut fs::File::open(path).unwrap(), &mut writer).unwrap();
        writer.finish().unwrap();
    }

    /// Makes a folder hold what is below a name, but for checkpoints, which are many and not looked at.
    pub(crate) fn bring(&self, name: &str, folder: &Path) {
        if folder.exists() {
            fs::remove_dir_all(folder).unwrap();
        }
        fs::create_dir(folder).unwrap();
        let store = self.store(name);
        let objects = store.list("").unwrap().into_iter();
        let looked_at = objects.filter(|object| !object.name.as_str().contains("/checkpoints/"));
        for object in looked_at {
            let path = folder.join(object.name.as_str());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut reader = ObjectReader::new(store.get(&object.name).unwrap());
            io::copy(&mut reader, &mut fs::File::create(path).unwrap()).unwrap();
        }
    }
}
