//! The backend.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use coldpress_config::Recipe;
use coldpress_executor::{Backend, Finished, ProcessBackend, Running};
use coldpress_external::Interpreter;
use coldpress_worker::{JobSpec, LeaseKeeper, LeaseTerms, WorkerContext};
use crossbeam_channel::{Sender, unbounded};

use crate::address::RayAddress;
use crate::bridge::BridgeCommand;
use crate::cluster::Cluster;
use crate::connection::{Connector, init_of};
use crate::fallback::Fallback;

/// Tasks of a Ray cluster, each with a process of this executable that works.
///
/// The executable must call [`serve_if_asked`](coldpress_worker::serve_if_asked) first in its `main`.
#[derive(Clone, Debug)]
pub struct RayBackend {
    address: RayAddress,
    command: BridgeCommand,
    workers: Option<usize>,
    program: Option<PathBuf>,
    /// Seconds without a sign of a worker after which its attempt is given up; 0: never.
    lease_seconds: f64,
    reconnects_for: Duration,
}

/// How long a head may take to start again.
const RECONNECTS_FOR: Duration = Duration::from_secs(120);

/// The term of a lease where none is named.
const LEASE_SECONDS: f64 = 30.0;

impl RayBackend {
    /// Tasks of this cluster, as many at a time as it has CPUs.
    pub fn new(address: RayAddress) -> Self {
        Self {
            address,
            command: BridgeCommand::Python(Interpreter::find(None).path().to_owned()),
            workers: None,
            program: None,
            lease_seconds: LEASE_SECONDS,
            reconnects_for: RECONNECTS_FOR,
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
            lease_seconds: asked.ray_lease_seconds,
            ..backend
        })
    }

    /// Connects with this interpreter, which must have the package `ray`. By default it is that of the variable
    /// `COLDPRESS_PYTHON`, of the active virtual environment, or `python3`.
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

    /// Gives an attempt up when nothing was heard of its worker for so many seconds, 30 by default; 0: never, unless Ray says
    /// that the worker is lost.
    #[must_use]
    pub fn lease_seconds(mut self, seconds: f64) -> Self {
        self.lease_seconds = seconds;
        self
    }

    /// Waits so long for a cluster that is gone to come back, two minutes by default. Then the job ends, and can be resumed.
    #[must_use]
    pub fn reconnects_for(mut self, time: Duration) -> Self {
        self.reconnects_for = time;
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
        let terms = (self.lease_seconds > 0.0).then(|| LeaseTerms::new(self.lease_seconds));
        let connector = Connector {
            command: self.command.clone(),
            address: self.address.clone(),
            init: init_of(
                (*spec).clone(),
                &self.address,
                asked,
                program,
                terms.clone(),
            )?,
            reconnects_for: self.reconnects_for,
        };
        let (hears, heard) = unbounded();
        match connector.connect(0, hears.clone(), &heard) {
            Ok(connection) => {
                let lease = terms.map(|terms| LeaseKeeper::start(terms, &context.stores));
                let lease = lease.transpose()?;
                let channel = (hears, heard);
                let cluster = Cluster::start(connector, connection, channel, lease, finished)?;
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
