//! Keeping a stand-in up to date for a caller that keeps looking at it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use coldpress_storage::spawn;

use crate::Result;
use crate::bucket::Bucket;
use crate::layout::Layout;

/// The interval between two looks at the store.
const LOOK_EVERY: Duration = Duration::from_secs(2);

impl Layout {
    /// Brings what is new every few seconds from now on, as long as a clone of this layout exists. Does nothing if the job is in a
    /// folder.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`](crate::Error::Storage) if no thread can be started.
    pub fn keep_fresh(&self) -> Result<()> {
        let Some(bucket) = self.bucket() else {
            return Ok(());
        };
        let (kept, layout) = (Arc::downgrade(bucket), self.without_bucket());
        spawn("coldpress-news", move || follow(&kept, &layout))?;
        Ok(())
    }
}

/// Brings news until nobody uses the stand-in any more. Errors are ignored, because the next try may succeed.
fn follow(kept: &Weak<Bucket>, layout: &Layout) {
    loop {
        std::thread::sleep(LOOK_EVERY);
        let Some(bucket) = kept.upgrade() else {
            return;
        };
        let _ = layout.clone().with_bucket(bucket).bring();
    }
}
