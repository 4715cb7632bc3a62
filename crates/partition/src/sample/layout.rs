//! The places in a dataset to sample, and their order.

use coldpress_dataset::{Encoding, FileCompression, Source};

/// The most sources that are sampled.
const MAX_SOURCES: usize = 32;

/// About how many places are sampled.
const WINDOWS: u64 = 128;

/// The least size of a place that is worth a seek.
const MIN_WINDOW_BYTES: u64 = 4096;

/// The assumed compression ratio of packed text that is not read to its end.
const PACKED_RATIO: u64 = 4;

/// A part of a source. The records that begin in it are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) source: u32,
    /// The first byte in the source's text.
    pub(super) start: u64,
    pub(super) length: u64,
}

/// The places in dataset order.
pub(super) struct Layout {
    windows: Vec<Window>,
}

impl Layout {
    /// Chooses the places of these sources for which `budget_bytes` are enough.
    pub(super) fn new(sources: &[Source], budget_bytes: u64) -> Self {
        let chosen = choose(sources);
        let total: u64 = chosen
            .iter()
            .fold(0, |total: u64, &(_, length)| total.saturating_add(length));
        // The rest is for the ends of the records that begin in the windows.
        let for_windows = if total <= budget_bytes {
            total
        } else {
            budget_bytes / 4 * 3
        };
        let count = (for_windows / MIN_WINDOW_BYTES).clamp(1, WINDOWS);
        let width = (for_windows / count).max(1);
        // Each source has one window. The others are assigned by size.
        let shared = count.saturating_sub(chosen.len() as u64);
        let mut windows = Vec::new();
        for (source, length) in chosen {
            let by_size = u128::from(shared) * u128::from(length) / u128::from(total.max(1));
            let count = 1 + by_size as u64;
            let is_plain = sources[source as usize].is_addressable();
            let share = if total <= budget_bytes {
                length
            } else {
                width.saturating_mul(count)
            };
            if !is_plain || length <= share {
                let length = if is_plain { length } else { share };
                windows.push(Window {
                    source,
                    start: 0,
                    length,
                });
                continue;
            }
            windows.extend((0..count).map(|at| Window {
                source,
                start: (u128::from(length) * u128::from(at) / u128::from(count)) as u64,
                length: width,
            }));
        }
        Self { windows }
    }

    /// Returns the places in an order in which the first ones, however few, are spread over the whole. If long records use up the
    /// budget, the sample still covers everything. The beginnings of the sources come first.
    pub(super) fn visits(&self) -> impl Iterator<Item = Window> {
        let spread = |begins: bool| {
            let windows = self.windows.iter().copied();
            let windows: Vec<Window> = windows
                .filter(|window| (window.start == 0) == begins)
                .collect();
            spread_out(windows)
        };
        spread(true).chain(spread(false))
    }
}

/// Returns the windows in an order that halves the gaps, which is that of their numbers with the bits reversed.
fn spread_out(windows: Vec<Window>) -> impl Iterator<Item = Window> {
    let places = windows.len().next_power_of_two() as u32;
    (0..places).filter_map(move |place| {
        let at = if places == 1 {
            place
        } else {
            place.reverse_bits() >> (32 - places.trailing_zeros())
        };
        windows.get(at as usize).copied()
    })
}

/// Returns the approximate length of a source's text, from the length of the file.
pub(super) fn text_bytes(source: &Source) -> u64 {
    let stored = source.identity.length;
    let unpacked = match source.compression {
        FileCompression::None => stored,
        _ => stored.saturating_mul(PACKED_RATIO),
    };
    match source.encoding {
        // Most characters take one byte in UTF-8.
        Encoding::Utf16Le | Encoding::Utf16Be => unpacked.div_ceil(2),
        _ => unpacked,
    }
}

/// Returns the sources to sample, with the lengths of their texts: all that have any, or an even choice.
fn choose(sources: &[Source]) -> Vec<(u32, u64)> {
    let filled: Vec<(u32, u64)> = sources
        .iter()
        .enumerate()
        .map(|(index, source)| (index as u32, text_bytes(source)))
        .filter(|&(_, length)| length > 0)
        .collect();
    if filled.len() <= MAX_SOURCES {
        return filled;
    }
    // The first and the last are included.
    (0..MAX_SOURCES)
        .map(|at| filled[at * (filled.len() - 1) / (MAX_SOURCES - 1)])
        .collect()
}
