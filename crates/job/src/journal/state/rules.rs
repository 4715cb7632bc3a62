//! What no record may say.

use crate::{Error, Result};

pub(super) fn contradiction(reason: impl Into<String>) -> Result<()> {
    Err(Error::contradiction(reason))
}
