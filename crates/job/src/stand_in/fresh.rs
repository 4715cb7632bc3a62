//! Keeping a stand-in up to date for someone who goes on looking.

use std::sync::{Arc, Weak};
use std::time::Duration;

use coldpress_storage::spawn;

use crate::Result;
use crate::bucket::Bucket;
use crate::layout::Layout;

/// How often it is looked for news.
const LOOK_EVERY: Duration = Duration::from_secs(2);

impl Layout {
    /// Brings what is new every few seconds from now on, as long as a clone of this layout is there; nothing where the job
    /// lies in a folder.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`](crate::Error::Storage) if there can be no thread.
    pub fn keep_fresh(&self) -> Result<()> {
        let Some(bucket) = self.bucket() else {
            return Ok(());
        };
        let (kept, layout) = (Arc::downgrade(bucket), self.without_bucket());
        spawn("coldpress-news", move || follow(&kept, &layout))?;
        Ok(())
    }
}

/// Brings news until nobody uses the stand-in any more. What cannot be had now may be had the next time.
fn follow(kept: &Weak<Bucket>, layout: &Layout) {
    loop {
        std::thread::sleep(LOOK_EVERY);
        let Some(bucket) = kept.upgrade() else {
            return;
        };
        let _ = layout.clone().with_bucket(bucket).bring();
    }
}
