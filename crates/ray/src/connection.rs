//! Connecting to a cluster, and what can be wrong with that.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use coldpress_storage::{Place, StoreSpec};
use coldpress_worker::{JobSpec, LeaseTerms, ToWorker};
use crossbeam_channel::{Receiver, Sender};

use crate::address::RayAddress;
use crate::bridge::{Bridge, BridgeCommand};
use crate::protocol::{FromBridge, Init, ToBridge};

/// How long Python may take to load Ray, from a slow disk.
const LOADS_WITHIN: Duration = Duration::from_secs(60);

/// How long connecting may take, starting a cluster and asking each node included.
const CONNECTS_WITHIN: Duration = Duration::from_secs(180);

/// Of more files than this it is not seen whether every node has them.
const FILES_AT_MOST: usize = 256;

/// Everything that it takes to connect, again where a connection is lost.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    pub(crate) command: BridgeCommand,
    pub(crate) address: RayAddress,
    pub(crate) init: Init,
    /// How long a cluster that is gone may take to come back.
    pub(crate) reconnects_for: Duration,
}

/// A cluster that attempts can be given to.
pub(crate) struct Connection {
    pub(crate) bridge: Bridge,
    /// The CPUs for tasks.
    pub(crate) slots: usize,
}

/// What the bridge says, with the number of the connection; none when it has ended.
pub(crate) type Said = (u32, Option<FromBridge>);

/// Why no attempt can be given to a cluster.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    /// Whether there is just no Ray here, which is no error where none was named.
    pub(crate) is_absent: bool,
    pub(crate) message: String,
}

impl Refusal {
    fn new(class: &str, message: impl Into<String>) -> Self {
        Self {
            is_absent: matches!(class, "no_python" | "no_ray" | "no_cluster"),
            message: message.into(),
        }
    }
}

impl Connector {
    /// Connects. What the bridge says is sent with this number to `hears`, and taken from `heard` until it is ready.
    pub(crate) fn connect(
        &self,
        number: u32,
        hears: Sender<Said>,
        heard: &Receiver<Said>,
    ) -> Result<Connection, Refusal> {
        let hear = move |event| {
            // Whoever does not listen any more has no use for it.
            let _ = hears.send((number, event));
        };
        let mut bridge =
            Bridge::start(&self.command, hear).map_err(|error| self.cannot_start(&error))?;
        let mut order = Some(ToBridge::Init(Box::new(self.init.clone())));
        let mut until = Instant::now() + LOADS_WITHIN;
        loop {
            match heard
                .recv_deadline(until)
                .map(|(of, event)| (of == number, event))
            {
                // Of an earlier connection.
                Ok((false, _)) => {}
                Ok((true, Some(FromBridge::Hello))) => {
                    if let Some(order) = order.take() {
                        bridge.tell(order);
                    }
                    until = Instant::now() + CONNECTS_WITHIN;
                }
                Ok((true, Some(FromBridge::Ready { slots }))) => {
                    return Ok(Connection { bridge, slots });
                }
                Ok((true, Some(FromBridge::Error { class, message }))) => {
                    bridge.leave();
                    return Err(self.refused(&class, &message));
                }
                Ok((true, Some(_))) => {}
                Ok((true, None)) => {
                    bridge.kill();
                    return Err(self.ended_early(&bridge.last_words(), order.is_some()));
                }
                Err(_) => {
                    bridge.kill();
                    let seconds = CONNECTS_WITHIN.as_secs();
                    let what = match order {
                        Some(_) => format!("{} does not say anything", self.command_name()),
                        None => format!("`{}` did not answer within {seconds} s", self.address),
                    };
                    return Err(Refusal::new(
                        "unreachable",
                        what + &said(&bridge.last_words()),
                    ));
                }
            }
        }
    }

    fn command_name(&self) -> String {
        match &self.command {
            BridgeCommand::Python(path) | BridgeCommand::Other(path, _) => {
                format!("`{}`", path.display())
            }
        }
    }

    fn cannot_start(&self, error: &io::Error) -> Refusal {
        let message = format!(
            "Python cannot be started as {}: {error}; install Python 3 with `pip install \"ray[default]\"`, or name the \
             interpreter with the key `python`",
            self.command_name()
        );
        Refusal::new("no_python", message)
    }

    fn refused(&self, class: &str, message: &str) -> Refusal {
        let python = self.command_name();
        let message = match class {
            "no_ray" => format!(
                "{python} has no Ray ({message}): install it there with `pip install \"ray[default]\"`, or name another \
                 interpreter with the key `python`"
            ),
            "broken_ray" => format!("{python} cannot load Ray: {message}"),
            "no_cluster" => format!(
                "{message}: start one with `ray start --head`, or name one with the key `ray_address`"
            ),
            "version" => format!(
                "{message}; the interpreter of the key `python` must have the versions of Ray and Python that the cluster has"
            ),
            "auth" => format!(
                "{message}; set RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH as for other programs that use this cluster"
            ),
            "storage" => format!(
                "{message}; the job's folders and the dataset must be in a folder that all nodes share under the same path, or \
                 in an object store"
            ),
            _ => message.to_owned(),
        };
        Refusal::new(class, message)
    }

    fn ended_early(&self, last_words: &str, before_hello: bool) -> Refusal {
        let what = match before_hello {
            true => format!("{} ended before it had loaded Ray", self.command_name()),
            false => format!(
                "Ray ended the process that connected to `{}`; `auto` and `host:port` need a node of the cluster on this \
                 machine (`ray start --address host:port`), elsewhere use `ray://host:10001`",
                self.address
            ),
        };
        Refusal::new("ended", what + &said(last_words))
    }
}

/// What the bridge must know of a job.
pub(crate) fn init_of(
    spec: JobSpec,
    address: &RayAddress,
    workers: Option<usize>,
    program: Option<&Path>,
    lease: Option<LeaseTerms>,
) -> io::Result<Init> {
    let absolute = |path: &Path| Ok(std::path::absolute(path)?.to_string_lossy().into_owned());
    let (path, content) = match program {
        Some(program) => (program.to_owned(), program.to_owned()),
        None => own_executable()?,
    };
    let mut folders = Vec::new();
    for place in Place::ALL {
        if let StoreSpec::Folder(folder) = spec.stores.of(place) {
            folders.push(absolute(&folder)?);
        }
    }
    let sources = spec.sources.iter();
    let locations = sources.flat_map(|source| std::iter::once(&source.path).chain(&source.members));
    let inputs = locations.filter_map(|location| location.local().map(Path::to_owned));
    let assets = spec.assets.iter().map(|asset| asset.path.clone());
    let files = inputs.chain(assets).take(FILES_AT_MOST);
    let files = files
        .map(|path| absolute(&path))
        .collect::<io::Result<_>>()?;
    let begin = ToWorker::Begin {
        spec: Box::new(spec),
        dies_with_parent: true,
        lease,
    };
    Ok(Init {
        address: address.to_string(),
        workers,
        begin: serde_json::to_string(&begin)?,
        program: absolute(&path)?,
        program_content: content.to_string_lossy().into_owned(),
        cwd: std::env::current_dir()?.to_string_lossy().into_owned(),
        folders,
        files,
    })
}

/// The path of the running executable, and where its bytes are also when another one has taken its place.
fn own_executable() -> io::Result<(PathBuf, PathBuf)> {
    let path = std::env::current_exe()?;
    let content = match cfg!(target_os = "linux") {
        true => format!("/proc/{}/exe", std::process::id()).into(),
        false => path.clone(),
    };
    Ok((path, content))
}

fn said(last_words: &str) -> String {
    match last_words {
        "" => String::new(),
        words => format!("; it said: {words}"),
    }
}
