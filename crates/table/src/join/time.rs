//! Timestamps.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};

use super::part::Part;

/// Returns the timestamps of the finest unit, if all are in one time zone.
///
/// Nanoseconds only range from 1677 to 2262, so they are joined only with nanoseconds. The other units range further than any
/// calendar.
pub(super) fn join(values: &[Part<'_>]) -> Option<DataType> {
    let mut finest: Option<(TimeUnit, Option<Arc<str>>)> = None;
    for part in values {
        let DataType::Timestamp(unit, zone) = part.data_type()? else {
            return None;
        };
        finest = Some(match finest {
            None => (*unit, zone.clone()),
            Some((other, other_zone)) => {
                (finer(*unit, other)?, one_zone(zone.clone(), other_zone)?)
            }
        });
    }
    finest.map(|(unit, zone)| DataType::Timestamp(unit, zone))
}

fn finer(left: TimeUnit, right: TimeUnit) -> Option<TimeUnit> {
    let has_nanos = left == TimeUnit::Nanosecond || right == TimeUnit::Nanosecond;
    (left == right || !has_nanos).then(|| left.max(right))
}

/// Returns the name of the time zone that both have.
fn one_zone(left: Option<Arc<str>>, right: Option<Arc<str>>) -> Option<Option<Arc<str>>> {
    if left == right {
        return Some(left);
    }
    is_one_zone(left.as_deref(), right.as_deref()).then(|| Some("UTC".into()))
}

/// Returns whether both are the same time zone, however UTC is spelled, or both have none.
pub(crate) fn is_one_zone(left: Option<&str>, right: Option<&str>) -> bool {
    let is_utc = |zone| {
        matches!(
            zone,
            Some("UTC" | "Etc/UTC" | "Z" | "+00:00" | "+0000" | "+00")
        )
    };
    left == right || (is_utc(left) && is_utc(right))
}
