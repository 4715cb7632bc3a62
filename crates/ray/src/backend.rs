//! The backend.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use coldpress_config::Recipe;
use coldpress_executor::{Backend, Finished, ProcessBackend, Running};
use coldpress_worker::{JobSpec, WorkerContext};
use crossbeam_channel::{Sender, unbounded};

use crate::address::RayAddress;
use crate::bridge::BridgeCommand;
use crate::cluster::Cluster;
use crate::connection::{Connector, init_of};
use crate::fallback::Fallback;

/// The interpreter where none is named: that of an active virtual environment, or the system's.
const PYTHON: &str = "python3";

/// Tasks of a Ray cluster, each with a process of this executable that works.
///
/// The executable must call [`serve_if_asked`](coldpress_worker::serve_if_asked) first in its `main`.
#[derive(Clone, Debug)]
pub struct RayBackend {
    address: RayAddress,
    command: BridgeCommand,
    workers: Option<usize>,
    program: Option<PathBuf>,
}

impl RayBackend {
    /// Tasks of this cluster, as many at a time as it has CPUs.
    pub fn new(address: RayAddress) -> Self {
        Self {
            address,
            command: BridgeCommand::Python(PYTHON.into()),
            workers: None,
            program: None,
        }
    }

    /// What a recipe asks for; none if it does not ask for Ray.
    pub fn of(recipe: &Recipe) -> Option<Self> {
        let asked = &recipe.executor;
        let limit = recipe.partition.max_concurrent_partitions;
        let workers = match (asked.workers, limit) {
            (Some(workers), Some(limit)) => Some(workers.min(limit)),
            (workers, limit) => workers.or(limit),
        };
        let backend = Self::new(asked.ray_address.as_str().into());
        let backend = match &recipe.python {
            Some(python) => backend.python(python),
            None => backend,
        };
        asked.kind.is_ray().then(|| Self {
            workers: workers.map(|workers| workers as usize),
            ..backend
        })
    }

    /// Connects with this interpreter, which must have the package `ray`; `python3` by default.
    #[must_use]
    pub fn python(mut self, python: impl Into<PathBuf>) -> Self {
        self.command = BridgeCommand::Python(python.into());
        self
    }

    /// Connects with another program that speaks the protocol of the bridge.
    #[must_use]
    pub fn bridge(
        mut self,
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        self.command = BridgeCommand::Other(program.into(), arguments);
        self
    }

    /// Uses another executable as the worker.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Runs so many attempts at a time; as many as the cluster has CPUs by default.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }
}

impl fmt::Display for RayBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "workers on Ray (`ray_address: {}`)", self.address)
    }
}

impl Backend for RayBackend {
    fn survives_deaths(&self) -> bool {
        true
    }

    fn start(
        &self,
        workers: usize,
        spec: Arc<JobSpec>,
        context: WorkerContext,
        finished: Sender<Finished>,
    ) -> io::Result<Box<dyn Running>> {
        let program = self.program.as_deref();
        // A cluster for the job alone is as large as the machine, or as the job wants it.
        let asked = match self.address {
            RayAddress::Local => Some(self.workers.unwrap_or(workers)),
            _ => self.workers,
        };
        let connector = Connector {
            command: self.command.clone(),
            address: self.address.clone(),
            init: init_of((*spec).clone(), &self.address, asked, program)?,
        };
        let (hears, heard) = unbounded();
        match connector.connect(0, hears.clone(), &heard) {
            Ok(connection) => {
                let cluster = Cluster::start(connector, connection, (hears, heard), finished)?;
                Ok(Box::new(cluster))
            }
            Err(refusal) if refusal.is_absent && self.address == RayAddress::Auto => {
                let backend = match program {
                    Some(program) => ProcessBackend::new().program(program),
                    None => ProcessBackend::new(),
                };
                Ok(Box::new(Fallback {
                    running: backend.start(workers, spec, context, finished)?,
                    warning: format!(
                        "no Ray cluster was found, so worker processes of this machine do the work, with the same output: \
                         {refusal}"
                    ),
                }))
            }
            Err(refusal) => Err(io::Error::other(refusal)),
        }
    }
}
