//! What an operator allows a program.

use std::path::PathBuf;
use std::time::Duration;

use coldpress_external::{Limits, Pace};
use coldpress_operator::{ParamError, ParamReader, ParamSpec, Params, params};
use serde_json::Value;

params! {
    /// Parameters of every operator whose work another program does.
    pub(crate) struct LimitParams {
        /// The most seconds without an answer. The process is then killed, and the record that it is about goes to quarantine.
        timeout: f64 = 300.0, |seconds| *seconds > 0.0 && *seconds <= 1e9, "must be above 0";
        /// The most megabytes of memory that a process may allocate; null for any number.
        memory_limit_mb: Option<u64> = Some(4096), |size| size.is_none_or(|size| (16..1 << 40).contains(&size)),
            "must be at least 16";
        /// A file that all that the processes print is appended to; null for none. The end of it is in the messages of failures
        /// in any case.
        log_path: Option<String> = None, |path| path.as_deref() != Some(""), "must name a file";
        /// The most calls that are under way at a time in one process of Coldpress; null for one per worker.
        concurrency: Option<u64> = None, |calls| *calls != Some(0), "must be at least 1";
        /// The most records that are given in a minute by one process of Coldpress; null for any number. If set, records are given
        /// one by one.
        requests_per_minute: Option<u64> = None, |calls| *calls != Some(0), "must be at least 1";
    }
}

impl LimitParams {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            timeout: Duration::from_secs_f64(self.timeout),
            memory: self.memory_limit_mb.map(|size| size << 20),
            log: self.log_path.as_ref().map(PathBuf::from),
        }
    }

    pub(crate) fn pace(&self) -> Pace {
        Pace::new(self.concurrency, self.requests_per_minute)
    }
}

/// An operator's own parameters and the limits, which are no part of its identity: they change how the work is done.
#[derive(Clone, Debug)]
pub(crate) struct Limited<P> {
    pub(crate) own: P,
    pub(crate) limits: LimitParams,
}

impl<P: Params> Params for Limited<P> {
    fn specs() -> Vec<ParamSpec> {
        [P::specs(), LimitParams::specs()].concat()
    }

    fn defaults() -> Self {
        Self {
            own: P::defaults(),
            limits: LimitParams::defaults(),
        }
    }

    fn read(reader: &mut ParamReader<'_>) -> Result<Self, ParamError> {
        Ok(Self {
            own: P::read(reader)?,
            limits: LimitParams::read(reader)?,
        })
    }

    fn to_json(&self) -> Value {
        self.own.to_json()
    }
}
