//! Bands of a MinHash signature: texts that agree in all entries of a band are candidates for being near duplicates.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The division of a signature into bands: the first `rows` entries, the next `rows` entries, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands {
    /// The number of bands.
    pub bands: usize,
    /// The number of entries of each band.
    pub rows: usize,
}

impl Bands {
    /// Returns the bands that make mistakes the least likely, the same as Data-Juicer's.
    ///
    /// Texts whose similarity is below `threshold` should share no band, and others should; the two kinds of mistakes weigh the
    /// same, averaged over all similarities. No more entries are used than there are `permutations`, which has to be at least one.
    ///
    /// ```
    /// use coldpress_ops::fingerprint::bands::Bands;
    ///
    /// assert_eq!(Bands::optimal(0.7, 256), Bands { bands: 25, rows: 10 });
    /// ```
    pub fn optimal(threshold: f64, permutations: usize) -> Self {
        let mut best = Self { bands: 0, rows: 0 };
        let mut least = f64::INFINITY;
        for bands in 1..=permutations {
            for rows in 1..=permutations / bands {
                let candidate = Self { bands, rows };
                let mistakes = candidate.mistakes(threshold);
                if mistakes < least {
                    (best, least) = (candidate, mistakes);
                }
            }
        }
        best
    }

    /// Returns whether a signature with that many permutations has entries for all bands. If it hasn't, the last bands are short or
    /// empty, and all texts agree in an empty band.
    pub fn fit(self, permutations: usize) -> bool {
        self.bands
            .checked_mul(self.rows)
            .is_some_and(|entries| entries <= permutations)
    }

    /// Appends band `number` of `minima` to `out` as Data-Juicer writes it: big-endian numbers of 64 bits.
    pub fn write(self, minima: &[u32], number: usize, out: &mut Vec<u8>) {
        let entries = minima
            .iter()
            .skip(number.saturating_mul(self.rows))
            .take(self.rows);
        out.extend(entries.flat_map(|&entry| u64::from(entry).to_be_bytes()));
    }

    /// Appends one key for each band of `minima` to `keys`, with `scratch` as memory.
    ///
    /// A key is the XXH3 hash of the band with its number as the seed, so keys of different bands are equal only by chance, and all
    /// of them can be sorted together.
    pub fn keys_into(self, minima: &[u32], scratch: &mut Vec<u8>, keys: &mut Vec<u64>) {
        keys.extend((0..self.bands).map(|number| {
            scratch.clear();
            self.write(minima, number, scratch);
            xxh3_64_with_seed(scratch, number as u64)
        }));
    }

    /// Returns the probability that texts of this similarity share a band.
    fn probability(self, similarity: f64) -> f64 {
        1.0 - (1.0 - similarity.powf(self.rows as f64)).powf(self.bands as f64)
    }

    fn mistakes(self, threshold: f64) -> f64 {
        let too_many = integral(|s| self.probability(s), 0.0, threshold);
        let too_few = integral(|s| 1.0 - self.probability(s), threshold, 1.0);
        0.5 * too_many + 0.5 * too_few
    }
}

/// The tolerance of scipy's `quad`, absolute and relative. Two candidates can be this close to each other, so the rule and its
/// tolerance decide between them, and not just the function.
const TOLERANCE: f64 = 1.49e-8;
/// The number of parts into which an interval is cut, at most; the same as in `quad`.
const MOST_PARTS: usize = 50;

/// Integrates `function` by the adaptive Gauss–Kronrod rule of 21 points: the part with the largest error is halved until
/// the sum of the errors is small enough.
fn integral(function: impl Fn(f64) -> f64, from: f64, to: f64) -> f64 {
    let mut parts = vec![Part::new(&function, from, to)];
    loop {
        let value: f64 = parts.iter().map(|part| part.value).sum();
        let error: f64 = parts.iter().map(|part| part.error).sum();
        if error <= TOLERANCE.max(TOLERANCE * value.abs()) || parts.len() == MOST_PARTS {
            return value;
        }
        parts.sort_by(|a, b| a.error.total_cmp(&b.error));
        if let Some(worst) = parts.pop() {
            let middle = 0.5 * (worst.from + worst.to);
            parts.push(Part::new(&function, worst.from, middle));
            parts.push(Part::new(&function, middle, worst.to));
        }
    }
}

/// The integral over a part of an interval.
struct Part {
    from: f64,
    to: f64,
    value: f64,
    error: f64,
}

impl Part {
    /// Applies the rule, and estimates the error as QUADPACK does.
    fn new(function: impl Fn(f64) -> f64, from: f64, to: f64) -> Self {
        let (center, half) = (0.5 * (from + to), 0.5 * (to - from));
        let middle = function(center);
        let pairs = NODES.map(|node| {
            (
                function(center - half * node),
                function(center + half * node),
            )
        });
        let mut kronrod = MIDDLE_WEIGHT * middle;
        let mut gauss = 0.0;
        for (i, (below, above)) in pairs.into_iter().enumerate() {
            kronrod += WEIGHTS[i] * (below + above);
            if i % 2 == 1 {
                gauss += GAUSS_WEIGHTS[i / 2] * (below + above);
            }
        }
        let mean = 0.5 * kronrod;
        let mut spread = MIDDLE_WEIGHT * (middle - mean).abs();
        for (weight, (below, above)) in WEIGHTS.into_iter().zip(pairs) {
            spread += weight * ((below - mean).abs() + (above - mean).abs());
        }
        let spread = spread * half;
        let mut error = ((kronrod - gauss) * half).abs();
        if spread != 0.0 && error != 0.0 {
            error = spread * (200.0 * error / spread).powf(1.5).min(1.0);
        }
        Self {
            from,
            to,
            value: kronrod * half,
            error,
        }
    }
}

/// The points of the rule to the right of the middle, from the outermost. Every second one, from the second on, belongs to the
/// Gauss rule too.
const NODES: [f64; 10] = [
    0.995_657_163_025_808_1,
    0.973_906_528_517_171_7,
    0.930_157_491_355_708_2,
    0.865_063_366_688_984_5,
    0.780_817_726_586_416_9,
    0.679_409_568_299_024_4,
    0.562_757_134_668_604_7,
    0.433_395_394_129_247_2,
    0.294_392_862_701_460_2,
    0.148_874_338_981_631_22,
];
/// The weights of [`NODES`].
const WEIGHTS: [f64; 10] = [
    0.011_694_638_867_371_874,
    0.032_558_162_307_964_725,
    0.054_755_896_574_351_995,
    0.075_039_674_810_919_96,
    0.093_125_454_583_697_6,
    0.109_387_158_802_297_64,
    0.123_491_976_262_065_84,
    0.134_709_217_311_473_34,
    0.142_775_938_577_060_09,
    0.147_739_104_901_338_49,
];
const MIDDLE_WEIGHT: f64 = 0.149_445_554_002_916_9;
const GAUSS_WEIGHTS: [f64; 5] = [
    0.066_671_344_308_688_14,
    0.149_451_349_150_580_6,
    0.219_086_362_515_982_04,
    0.269_266_719_309_996_35,
    0.295_524_224_714_752_87,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Permutations, threshold, and the bands and rows that the same search with scipy 1.17.1 finds.
    #[rustfmt::skip]
    const KNOWN: [(usize, f64, usize, usize); 128] = [
        (1, 0.0, 1, 1), (1, 0.05, 1, 1), (1, 0.45, 1, 1), (1, 0.65, 1, 1), (1, 0.72, 1, 1),
        (1, 0.82, 1, 1), (1, 0.92, 1, 1), (1, 0.97, 1, 1), (1, 1.0, 1, 1), (7, 0.0, 7, 1),
        (7, 0.05, 7, 1), (7, 0.45, 3, 2), (7, 0.65, 2, 3), (7, 0.72, 1, 4), (7, 0.82, 1, 7),
        (7, 0.92, 1, 7), (7, 0.97, 1, 7), (7, 1.0, 1, 7), (16, 0.1, 15, 1), (16, 0.2, 7, 1),
        (16, 0.3, 8, 2), (16, 0.4, 6, 2), (16, 0.5, 5, 3), (16, 0.6, 4, 4), (16, 0.7, 3, 5),
        (16, 0.75, 2, 6), (16, 0.8, 2, 8), (16, 0.85, 2, 8), (16, 0.9, 1, 15), (16, 0.95, 1, 16),
        (20, 0.0, 20, 1), (20, 0.05, 20, 1), (20, 0.45, 6, 3), (20, 0.65, 4, 5), (20, 0.72, 3, 6),
        (20, 0.82, 2, 9), (20, 0.92, 1, 19), (20, 0.97, 1, 20), (20, 1.0, 1, 20), (32, 0.1, 15, 1),
        (32, 0.2, 16, 2), (32, 0.3, 12, 2), (32, 0.4, 10, 3), (32, 0.5, 8, 4), (32, 0.6, 6, 5),
        (32, 0.7, 5, 6), (32, 0.75, 4, 8), (32, 0.8, 3, 10), (32, 0.85, 3, 10), (32, 0.9, 2, 16),
        (32, 0.95, 1, 32), (50, 0.0, 50, 1), (50, 0.05, 32, 1), (50, 0.45, 12, 4), (50, 0.65, 8, 6),
        (50, 0.72, 6, 8), (50, 0.82, 4, 12), (50, 0.92, 2, 24), (50, 0.97, 1, 50), (50, 1.0, 1, 50),
        (64, 0.1, 15, 1), (64, 0.2, 28, 2), (64, 0.3, 21, 3), (64, 0.4, 16, 4), (64, 0.5, 14, 4),
        (64, 0.6, 10, 6), (64, 0.7, 8, 8), (64, 0.75, 7, 9), (64, 0.8, 5, 11), (64, 0.85, 4, 15),
        (64, 0.9, 3, 21), (64, 0.95, 2, 32), (100, 0.0, 100, 1), (100, 0.05, 32, 1), (100, 0.45, 22, 4),
        (100, 0.65, 14, 7), (100, 0.72, 11, 9), (100, 0.82, 7, 14), (100, 0.92, 4, 25), (100, 0.97, 2, 50),
        (100, 1.0, 1, 100), (112, 0.0, 112, 1), (112, 0.05, 32, 1), (112, 0.45, 22, 4), (112, 0.65, 14, 8),
        (112, 0.72, 12, 9), (112, 0.82, 8, 14), (112, 0.92, 4, 28), (112, 0.97, 2, 56), (112, 1.0, 1, 112),
        (128, 0.1, 64, 2), (128, 0.2, 28, 2), (128, 0.3, 37, 3), (128, 0.4, 32, 4), (128, 0.5, 25, 5),
        (128, 0.6, 18, 7), (128, 0.7, 14, 9), (128, 0.75, 11, 11), (128, 0.8, 9, 13), (128, 0.85, 8, 16),
        (128, 0.9, 5, 25), (128, 0.95, 3, 42), (250, 0.0, 250, 1), (250, 0.45, 47, 5), (250, 0.65, 27, 9),
        (250, 0.72, 22, 11), (250, 0.82, 14, 17), (250, 0.92, 7, 34), (250, 1.0, 1, 250), (256, 0.1, 117, 2),
        (256, 0.2, 85, 3), (256, 0.3, 64, 4), (256, 0.4, 51, 5), (256, 0.5, 42, 6), (256, 0.6, 32, 8),
        (256, 0.7, 25, 10), (256, 0.75, 21, 12), (256, 0.8, 17, 15), (256, 0.85, 13, 19), (256, 0.9, 9, 28),
        (256, 0.95, 5, 51), (500, 0.0, 500, 1), (500, 0.45, 83, 6), (500, 0.65, 50, 10), (500, 0.72, 38, 13),
        (500, 0.82, 26, 19), (500, 0.92, 13, 38), (500, 1.0, 1, 500),
    ];

    #[test]
    fn optimal_bands_are_those_of_scipy() {
        for (permutations, threshold, bands, rows) in KNOWN {
            assert_eq!(
                Bands::optimal(threshold, permutations),
                Bands { bands, rows },
                "{permutations} permutations, threshold {threshold}"
            );
        }
    }

    #[test]
    fn bands_that_do_not_fit_are_short() {
        let bands = Bands { bands: 2, rows: 2 };
        assert!(bands.fit(4) && !bands.fit(3));
        assert!(
            !Bands {
                bands: usize::MAX,
                rows: 2
            }
            .fit(256)
        );
        let mut written = Vec::new();
        bands.write(&[1, 2, 3], 1, &mut written);
        assert_eq!(written, [0, 0, 0, 0, 0, 0, 0, 3]);
    }

    #[test]
    fn keys_tell_bands_and_their_places_apart() {
        let bands = Bands { bands: 3, rows: 2 };
        let (mut scratch, mut keys) = (Vec::new(), Vec::new());
        bands.keys_into(&[1, 2, 1, 2, 1, 3], &mut scratch, &mut keys);
        bands.keys_into(&[1, 2, 5, 6, 1, 3], &mut scratch, &mut keys);
        assert_eq!(keys.len(), 6);
        assert_ne!(keys[0], keys[1], "the same entries in another band");
        assert_eq!(keys[0], keys[3]);
        assert_ne!(keys[1], keys[4]);
        assert_eq!(keys[2], keys[5]);
    }
}
