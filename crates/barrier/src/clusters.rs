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
    parents: Parents,
}

/// Each record's parent in its tree, with a smaller ordinal; a root is its own.
#[derive(Clone, Debug)]
enum Parents {
    Narrow(Vec<u32>),
    Wide(Vec<u64>),
}

impl Clusters {
    /// So many records, each on its own.
    #[must_use]
    pub fn new(records: u64) -> Self {
        let parents = match u32::try_from(records) {
            Ok(records) => Parents::Narrow((0..records).collect()),
            Err(_) => Parents::Wide((0..records).collect()),
        };
        Self { parents }
    }

    /// The number of records.
    #[must_use]
    pub fn records(&self) -> u64 {
        match &self.parents {
            Parents::Narrow(parents) => parents.len() as u64,
            Parents::Wide(parents) => parents.len() as u64,
        }
    }

    /// Makes the clusters of two records one.
    ///
    /// # Panics
    /// If one of them is not among the records.
    pub fn join(&mut self, a: u64, b: u64) {
        let (a, b) = (self.first_of(a), self.first_of(b));
        // The smaller root stays one, so that a root is always the first of its cluster.
        self.set(a.max(b), a.min(b));
    }

    /// The first record of this one's cluster, which is itself where it is alone or the first.
    ///
    /// # Panics
    /// If it is not among the records.
    pub fn first_of(&mut self, mut ordinal: u64) -> u64 {
        loop {
            let parent = self.get(ordinal);
            if parent == ordinal {
                return ordinal;
            }
            // Halving the way keeps trees flat without a second pass.
            let above = self.get(parent);
            self.set(ordinal, above);
            ordinal = above;
        }
    }

    fn get(&self, ordinal: u64) -> u64 {
        match &self.parents {
            Parents::Narrow(parents) => u64::from(parents[ordinal as usize]),
            Parents::Wide(parents) => parents[ordinal as usize],
        }
    }

    fn set(&mut self, ordinal: u64, parent: u64) {
        match &mut self.parents {
            // Every parent is the ordinal of a record, of which there are no more than fit.
            Parents::Narrow(parents) => parents[ordinal as usize] = parent as u32,
            Parents::Wide(parents) => parents[ordinal as usize] = parent,
        }
    }
}
