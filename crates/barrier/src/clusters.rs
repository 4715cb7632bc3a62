//! Clusters of records: a forest in which every tree's root is its first record.

/// Which records belong together. Joining is transitive: of `a ~ b` and `b ~ c` all three become one cluster.
///
/// ```
/// use coldpress_barrier::Clusters;
///
/// let mut clusters = Clusters::new(5);
/// clusters.join(4, 2);
/// clusters.join(1, 4);
/// let firsts: Vec<u64> = (0..5).map(|ordinal| clusters.first_of(ordinal)).collect();
/// assert_eq!(firsts, [0, 1, 1, 3, 1]);
/// ```
#[derive(Clone, Debug)]
pub struct Clusters {
    /// Each record's parent in its tree, with a smaller ordinal; a root is its own.
    parents: OrdinalTable,
}

impl Clusters {
    /// So many records, each on its own.
    #[must_use]
    pub fn new(records: u64) -> Self {
        let parents = OrdinalTable::new(records);
        Self { parents }
    }

    /// Clusters of which each record's first is known.
    pub(crate) fn of(firsts: OrdinalTable) -> Self {
        Self { parents: firsts }
    }

    /// The number of records.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.parents.len()
    }

    /// Makes the clusters of two records one.
    ///
    /// # Panics
    /// If one of them is not among the records.
    pub fn join(&mut self, a: u64, b: u64) {
        let (a, b) = (self.first_of(a), self.first_of(b));
        // The smaller root stays one, so that a root is always the first of its cluster.
        self.parents.set(a.max(b), a.min(b));
    }

    /// The first record of this one's cluster, which is itself where it is alone or the first.
    ///
    /// # Panics
    /// If it is not among the records.
    pub fn first_of(&mut self, mut ordinal: u64) -> u64 {
        loop {
            let parent = self.parents.get(ordinal);
            if parent == ordinal {
                return ordinal;
            }
            // Halving the way keeps trees flat without a second pass.
            let above = self.parents.get(parent);
            self.parents.set(ordinal, above);
            ordinal = above;
        }
    }
}

/// An ordinal for each record, at first its own: in four bytes where they suffice.
#[derive(Clone, Debug)]
pub(crate) enum OrdinalTable {
    Narrow(Vec<u32>),
    Wide(Vec<u64>),
}

impl OrdinalTable {
    pub(crate) fn new(records: u64) -> Self {
        match u32::try_from(records) {
            Ok(records) => Self::Narrow((0..records).collect()),
            Err(_) => Self::Wide((0..records).collect()),
        }
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Narrow(ordinals) => ordinals.len() as u64,
            Self::Wide(ordinals) => ordinals.len() as u64,
        }
    }

    pub(crate) fn get(&self, of: u64) -> u64 {
        match self {
            Self::Narrow(ordinals) => u64::from(ordinals[of as usize]),
            Self::Wide(ordinals) => ordinals[of as usize],
        }
    }

    pub(crate) fn set(&mut self, of: u64, ordinal: u64) {
        match self {
            // It is the ordinal of a record, of which there are no more than fit.
            Self::Narrow(ordinals) => ordinals[of as usize] = ordinal as u32,
            Self::Wide(ordinals) => ordinals[of as usize] = ordinal,
        }
    }
}
