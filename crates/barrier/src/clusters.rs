//! Clusters of records: a forest in which the root of every tree is its first record.

/// Tracks which records belong together. Joining is transitive: with `a ~ b` and `b ~ c`, all three become one cluster.
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
    /// The parent of each record in its tree, which has a smaller ordinal; a root is its own parent.
    parents: OrdinalTable,
}

impl Clusters {
    /// Makes this number of records, each in a cluster of its own.
    #[must_use]
    pub fn new(records: u64) -> Self {
        let parents = OrdinalTable::new(records);
        Self { parents }
    }

    /// Makes clusters from the first record of each.
    pub(crate) fn of(firsts: OrdinalTable) -> Self {
        Self { parents: firsts }
    }

    /// Returns the number of records.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.parents.len()
    }

    /// Joins the clusters of two records.
    ///
    /// # Panics
    /// If there is no such record.
    pub fn join(&mut self, a: u64, b: u64) {
        let (a, b) = (self.first_of(a), self.first_of(b));
        // The smaller root stays a root, so that a root is always the first record of its cluster.
        self.parents.set(a.max(b), a.min(b));
    }

    /// Returns the first record of this record's cluster, which may be the record itself.
    ///
    /// # Panics
    /// If there is no such record.
    pub fn first_of(&mut self, mut ordinal: u64) -> u64 {
        loop {
            let parent = self.parents.get(ordinal);
            if parent == ordinal {
                return ordinal;
            }
            // Halving the path keeps trees flat without a second pass.
            let above = self.parents.get(parent);
            self.parents.set(ordinal, above);
            ordinal = above;
        }
    }
}

/// An ordinal for each record, at first its own. It takes four bytes if they suffice.
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
            // It is the ordinal of a record, and there are no more records than fit.
            Self::Narrow(ordinals) => ordinals[of as usize] = ordinal as u32,
            Self::Wide(ordinals) => ordinals[of as usize] = ordinal,
        }
    }
}
