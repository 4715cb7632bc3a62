//! Rules that every record must obey.

use crate::{Error, Result};

pub(super) fn contradiction(reason: impl Into<String>) -> Result<()> {
    Err(Error::contradiction(reason))
}
