//! Publications over time, which show how fast the job went, from the journal alone.

use coldpress_job::JobState;
use serde::Serialize;

/// The publications in a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PacePoint {
    /// The beginning of the stretch, in seconds since 1970.
    pub time: f64,
    /// The length of the stretch in seconds, which is the same for all.
    pub seconds: f64,
    /// Partitions whose result of a stage was published.
    pub partitions: u32,
    /// Records that came into that stage.
    pub records: u64,
    /// Bytes of the partitions' records, as they were read.
    pub bytes: u64,
}

/// Divides the time from the first result to the last into at most `most` stretches. Returns none if no times are known.
pub(super) fn pace(state: &JobState, most: usize) -> Vec<PacePoint> {
    let barriers = state.recipe().map_or(&[][..], |recipe| &recipe.barriers);
    let mut published: Vec<(u64, u64, u64)> = Vec::new();
    for planned in state.partitions() {
        for stage in 0..state.stages() {
            let chain = state.recipe().and_then(|recipe| recipe.end_of(stage));
            let result = chain.and_then(|chain| state.result_of(planned.index, chain));
            let Some(result) = result.filter(|result| result.at_millis > 0 && result.attempt > 0)
            else {
                continue;
            };
            let before = stage
                .checked_sub(1)
                .and_then(|at| barriers.get(at as usize));
            let first = before.and_then(|place| result.ledger.operators.get(*place as usize));
            let records = first.map_or(result.ledger.records, |first| first.records_in);
            published.push((result.at_millis, records, planned.slice.bytes()));
        }
    }
    stretches(&published, most)
}

/// Shorter stretches say more about the moment of publishing than about the pace.
const LEAST_MILLIS: u64 = 50;

fn stretches(published: &[(u64, u64, u64)], most: usize) -> Vec<PacePoint> {
    let times = || published.iter().map(|(time, ..)| *time);
    let (Some(begin), Some(end)) = (times().min(), times().max()) else {
        return Vec::new();
    };
    // About ten results in each stretch keep the line from being all spikes.
    let wanted = (published.len() / 10).clamp(1, most.clamp(1, 240)) as u64;
    let length = ((end - begin) / wanted + 1).max(LEAST_MILLIS);
    let count = (end - begin) / length + 1;
    let point = |at: u64| PacePoint {
        time: (begin + at * length) as f64 / 1000.0,
        seconds: length as f64 / 1000.0,
        ..PacePoint::default()
    };
    let mut points: Vec<PacePoint> = (0..count).map(point).collect();
    for (time, records, bytes) in published {
        if let Some(point) = points.get_mut(((time - begin) / length) as usize) {
            point.partitions += 1;
            point.records += records;
            point.bytes += bytes;
        }
    }
    points
}

/// Returns the range of the remaining time, if it is `remaining` seconds at the mean pace. The range is two standard errors of the
/// pace on either side. Returns none if there are too few stretches.
pub(super) fn range(points: &[PacePoint], remaining: f64) -> Option<(f64, f64)> {
    const LEAST_POINTS: usize = 5;
    // The last stretch is not over yet.
    let points = points.get(..points.len().saturating_sub(1))?;
    if points.len() < LEAST_POINTS {
        return None;
    }
    let count = points.len() as f64;
    let mean = points.iter().map(|point| point.bytes as f64).sum::<f64>() / count;
    let squares = points
        .iter()
        .map(|point| (point.bytes as f64 - mean).powi(2));
    let variance = squares.sum::<f64>() / (count - 1.0);
    // This is a share of the mean pace, below 1, because at a pace of zero the rest would never end.
    let share = (2.0 * (variance / count).sqrt() / mean).min(0.9);
    (mean > 0.0).then(|| (remaining / (1.0 + share), remaining / (1.0 - share)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_as_wide_as_the_pace_varied() {
        let points = |bytes: &[u64]| -> Vec<PacePoint> {
            let point = |bytes: &u64| PacePoint {
                bytes: *bytes,
                ..PacePoint::default()
            };
            bytes.iter().map(point).collect()
        };
        assert_eq!(range(&points(&[7; 9]), 10.0), Some((10.0, 10.0)));
        assert_eq!(range(&points(&[7; 5]), 10.0), None);
        assert_eq!(range(&points(&[0; 9]), 10.0), None);
        assert_eq!(range(&[], 10.0), None);
        let (least, greatest) = range(&points(&[1, 9, 1, 9, 1, 9, 1, 9, 5]), 10.0).unwrap();
        assert!(least < 7.0 && greatest > 20.0, "{least} {greatest}");
    }

    #[test]
    fn nothing_that_was_published_is_lost() {
        let published: Vec<(u64, u64, u64)> = (0..1000)
            .map(|at| (1_000_000 + at * 37 % 9_001, 10, 100))
            .collect();
        for most in [0, 1, 7, 10_000] {
            let points = stretches(&published, most);
            assert!(points.len() <= most.max(1) + 1, "{}", points.len());
            assert_eq!(
                points.iter().map(|point| point.records).sum::<u64>(),
                10_000
            );
            assert_eq!(
                points.iter().map(|point| point.partitions).sum::<u32>(),
                1000
            );
        }
        assert_eq!(stretches(&[], 10), []);
        assert_eq!(stretches(&[(5, 1, 1)], 10).len(), 1);
    }
}
