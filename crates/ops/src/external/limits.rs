//! The limits that an operator sets for a program.

use std::path::PathBuf;
use std::time::Duration;

use coldpress_external::{Limits, Pace};
use coldpress_operator::{ParamError, ParamReader, ParamSpec, Params, params};
use serde_json::Value;

params! {
    /// Parameters of every operator whose work another program does.
    pub(crate) struct LimitParams {
        /// The number of seconds to wait for an answer. The process is then killed, and the record that it is working on goes to
        /// quarantine.
        timeout: f64 = 300.0, |seconds| *seconds > 0.0 && *seconds <= 1e9, "must be above 0";
        /// The number of megabytes of memory that a process may allocate; null for no limit.
        memory_limit_mb: Option<u64> = Some(4096), |size| size.is_none_or(|size| (16..1 << 40).contains(&size)),
            "must be at least 16";
        /// A file to which everything that the processes print is appended; null for none. Messages about failures have the end of
        /// it in any case.
        log_path: Option<String> = None, |path| path.as_deref() != Some(""), "must name a file";
        /// The number of calls that one process of Coldpress may have under way at a time; null for one per worker.
        concurrency: Option<u64> = None, |calls| *calls != Some(0), "must be at least 1";
        /// The number of records that one process of Coldpress sends in a minute, at most; null for no limit. If set, records are
        /// sent one by one.
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

/// An operator's own parameters and the limits. The limits are not part of the operator's identity, because they only change how
/// the work is done.
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
