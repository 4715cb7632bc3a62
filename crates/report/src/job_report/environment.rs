//! The machines and drivers of a job.

use coldpress_job::{Epoch, Liveness};
use coldpress_storage::read_small;
use serde::{Deserialize, Serialize};

use super::Source;

/// The machines and drivers of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Environment {
    /// The executor, as the recipe names it.
    pub executor: Option<String>,
    /// The recipe file.
    pub config_file: Option<String>,
    /// The folder of the checkpoints.
    pub checkpoint_dir: String,
    /// The folder of the event log.
    pub event_log_dir: String,
    /// The job whose past this one began with.
    pub adopted_from: Option<String>,
    /// The reasons for how the dataset is cut and the work is spread, a sentence each.
    pub decisions: Vec<String>,
    /// The stores that are not folders of the job, by their content.
    pub stores: Vec<(String, String)>,
    /// The drivers, oldest first; only the last ones if there are very many.
    pub drivers: Vec<DriverRow>,
    /// The number of drivers.
    pub drivers_total: u64,
}

/// A process that drove the job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriverRow {
    /// The number of its epoch, from 1.
    pub epoch: u64,
    /// Its release.
    pub version: String,
    /// Its host.
    pub host: String,
    /// Its process id.
    pub pid: u32,
    /// The time at which it began, in seconds since 1970.
    pub start_time: f64,
    /// True if it took the job over from a driver that was not seen to end.
    pub takeover: bool,
    /// True if the driver is running.
    pub is_alive: bool,
}

const LISTED: usize = 100;

pub(super) fn environment(source: &Source<'_>) -> Environment {
    let summary = source.job.summary.as_ref();
    let state = source.state;
    let epochs = state.epochs();
    let alive = match &source.job.liveness {
        Liveness::Here(driver) | Liveness::Elsewhere(driver) => Some(driver),
        Liveness::Nobody(_) => None,
    };
    let row = |epoch: &Epoch| DriverRow {
        epoch: epoch.epoch,
        version: epoch.version.clone(),
        host: epoch.driver.host.clone(),
        pid: epoch.driver.pid,
        start_time: epoch.driver.started_at_millis as f64 / 1000.0,
        takeover: epoch.takeover,
        is_alive: alive.is_some_and(|driver| driver.is_same_process(&epoch.driver)),
    };
    let said = |text: &String| (!text.is_empty()).then(|| text.clone());
    let stores = state.stores().iter();
    let shown = |path| source.layout.shown_path(path).display().to_string();
    Environment {
        executor: summary.and_then(|summary| said(&summary.executor_type)),
        config_file: summary.and_then(|summary| summary.config_file.clone()),
        checkpoint_dir: shown(source.layout.checkpoint_dir()),
        event_log_dir: shown(source.layout.event_log_dir()),
        adopted_from: state.adopted().map(|adopted| adopted.job_id.to_string()),
        decisions: decisions(source),
        stores: stores
            .map(|(place, store)| (place.to_string(), without_query(&store.to_string())))
            .collect(),
        drivers: epochs
            .iter()
            .skip(epochs.len().saturating_sub(LISTED))
            .map(row)
            .collect(),
        drivers_total: epochs.len() as u64,
    }
}

/// The largest mapping that is read. It names all partitions, and very many are not worth waiting for.
const MAX_MAPPING_BYTES: u64 = 64 << 20;

#[derive(Deserialize)]
struct Mapping {
    #[serde(default)]
    decisions: Vec<String>,
}

/// Returns the decisions of the newest run from the mapping file, or else those of the plan.
fn decisions(source: &Source<'_>) -> Vec<String> {
    let json = read_small(source.layout.dataset_mapping(), MAX_MAPPING_BYTES).ok();
    let mapping: Option<Mapping> = json.and_then(|json| serde_json::from_slice(&json).ok());
    match (mapping, source.state.plan()) {
        (Some(mapping), _) if !mapping.decisions.is_empty() => mapping.decisions,
        (_, Some(plan)) => plan.decisions.clone(),
        (_, None) => Vec::new(),
    }
}

/// Cuts off the query of an address, which may hold a secret.
fn without_query(address: &str) -> String {
    let end = address.find('?').unwrap_or(address.len());
    address[..end].to_owned()
}
