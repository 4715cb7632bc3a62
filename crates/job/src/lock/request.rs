//! Asking a driver on any machine to stop, with an object beside its heartbeat that it checks with each beat.

use serde::{Deserialize, Serialize};

use crate::bucket::Bucket;
use crate::driver::DriverIdentity;
use crate::{Error, Result};

const OBJECT: &str = "job.stop";

/// The driver that is asked. Other drivers ignore the request, so a request that came too late stops nobody else.
#[derive(Serialize, Deserialize)]
struct Request {
    driver: DriverIdentity,
}

/// Asks this driver to stop.
pub(crate) fn make(bucket: &Bucket, driver: &DriverIdentity) -> Result<()> {
    let request = Request {
        driver: driver.clone(),
    };
    let json = serde_json::to_vec(&request).map_err(|source| {
        let path = bucket.shown(OBJECT);
        Error::Storage(coldpress_storage::Error::Encode { path, source })
    })?;
    bucket.replace(OBJECT, &json)
}

/// Returns whether this driver is asked to stop, as far as can be seen now.
pub(crate) fn is_there(bucket: &Bucket, us: &DriverIdentity) -> bool {
    let read = bucket.read(OBJECT).ok().flatten();
    let request = read.and_then(|bytes| serde_json::from_slice::<Request>(&bytes).ok());
    request.is_some_and(|request| request.driver == *us)
}
