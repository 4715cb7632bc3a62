//! What is served, and where.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use coldpress_job::JobsDir;
use coldpress_operator::Registry;
use coldpress_storage::StoreSchemes;

/// What is served, and where.
#[derive(Debug)]
pub struct ServeOptions {
    pub(crate) base_dir: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) registry: Registry,
    pub(crate) schemes: StoreSchemes,
    pub(crate) connections: usize,
    pub(crate) patience: Duration,
}

impl ServeOptions {
    /// Serves the jobs of this folder or URL at this address; with port 0, at any port that is free.
    ///
    /// The registry knows the kinds of operators, and by which statistics they decide.
    #[must_use]
    pub fn new(base_dir: impl Into<PathBuf>, listen: SocketAddr, registry: Registry) -> Self {
        Self {
            base_dir: base_dir.into(),
            listen,
            registry,
            schemes: StoreSchemes::default(),
            connections: 128,
            patience: Duration::from_secs(10),
        }
    }

    pub(crate) fn jobs(&self) -> JobsDir {
        JobsDir::new(&self.base_dir, &self.schemes).whole()
    }

    /// The stores that jobs and their files may be in. Default: those that come with Coldpress.
    #[must_use]
    pub fn schemes(mut self, schemes: StoreSchemes) -> Self {
        self.schemes = schemes;
        self
    }

    /// The number of connections at a time, of which three in four may follow a job. Default: 128.
    ///
    /// Where there are more, those that have not asked for anything yet are closed, the oldest first.
    #[must_use]
    pub fn connections(mut self, most: usize) -> Self {
        self.connections = most.max(4);
        self
    }

    /// The time that a client may take for its request, and for reading a part of the answer. Default: 10 seconds.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}
