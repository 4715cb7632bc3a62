//! The use of the machine by the processes over time, from `resource_usage` events.

use std::collections::BTreeMap;

use coldpress_events::{Event, EventKind};
use serde::Serialize;

/// A quantity over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Series {
    /// Its name in the events, as `memory_mb`.
    pub name: String,
    /// The times, in seconds since 1970.
    pub time: Vec<f64>,
    /// The measurements. If several coincide, the greatest is kept.
    pub value: Vec<f64>,
}

/// The most series. Coldpress itself measures fewer.
const MOST_SERIES: usize = 32;
const MOST_NAME_BYTES: usize = 100;

/// The measurements in the events.
#[derive(Clone)]
pub(super) struct ResourceLog {
    points: usize,
    series: BTreeMap<String, Series>,
}

impl ResourceLog {
    pub(super) fn new(points: usize) -> Self {
        Self {
            points: points.max(2),
            series: BTreeMap::new(),
        }
    }

    pub(super) fn take(&mut self, event: &Event) {
        if event.kind != EventKind::ResourceUsage {
            return;
        }
        for (name, value) in event.resource_usage.iter().flatten() {
            let is_new = !self.series.contains_key(name);
            let Some(value) = value.as_f64() else {
                continue;
            };
            let is_ours = self.series.len() < MOST_SERIES && name.len() <= MOST_NAME_BYTES;
            if is_new && !is_ours {
                continue;
            }
            let series = self.series.entry(name.clone()).or_default();
            series.time.push(event.timestamp);
            series.value.push(value);
            if series.time.len() > 4 * self.points {
                series.thin_out(2 * self.points);
            }
        }
    }

    pub(super) fn series(self) -> Vec<Series> {
        let points = self.points;
        let named = self.series.into_iter().map(|(name, mut series)| {
            series.thin_out(points);
            Series { name, ..series }
        });
        named.collect()
    }
}

impl Series {
    /// Merges neighbours until there are at most this many points. Peaks are kept.
    fn thin_out(&mut self, points: usize) {
        let together = self.time.len().div_ceil(points);
        if together <= 1 {
            return;
        }
        let greatest = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        self.value = self.value.chunks(together).map(greatest).collect();
        self.time = self.time.chunks(together).map(|times| times[0]).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_measurements_become_few_and_the_peak_stays() {
        let mut log = ResourceLog::new(10);
        for at in 0..1000 {
            let memory = if at == 777 { 500.0 } else { 10.0 };
            let mut event = Event::new(EventKind::ResourceUsage, "").at(f64::from(at));
            let usage = serde_json::json!({"memory_mb": memory, "note": "text"});
            event.resource_usage = usage.as_object().cloned();
            log.take(&event);
        }
        let series = log.series();
        assert_eq!(series.len(), 1);
        assert!(series[0].time.len() <= 10 && series[0].time.is_sorted());
        assert_eq!(
            series[0]
                .value
                .iter()
                .filter(|value| **value == 500.0)
                .count(),
            1
        );
    }
}
