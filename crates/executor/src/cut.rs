//! Where the dataset is cut.

use coldpress_dataset::{Format, Source, TableFile};
use coldpress_partition::{CutSettings, Share};

use crate::prepare::Prepared;
use crate::preview::Preview;

impl Prepared {
    /// Where these sources are cut: as a look at them says, if sizes were to be found out, else as the recipe does.
    ///
    /// Packed and converted sources are as long as the look at them says, so with them a number of partitions may be
    /// missed by a few.
    pub fn cut_of(&self, sources: &[Source], preview: Option<&Preview>) -> CutSettings {
        if let Some(sizing) = preview.and_then(|preview| preview.sizing.as_ref()) {
            return CutSettings {
                max_records: sizing.max_records,
                max_bytes: sizing.max_bytes,
                ..self.cut.clone()
            };
        }
        let Some(count) = self.recipe.partition.num_of_partitions else {
            return self.cut.clone();
        };
        let growth = preview.map_or(1.0, |preview| growth(sources, preview));
        let sizes: Vec<(u64, u64)> = sources
            .iter()
            .map(|source| size_of(source, growth))
            .collect();
        let bytes: Vec<u64> = sizes.iter().map(|(bytes, _)| *bytes).collect();
        let lengths = sizes.iter().map(|(_, length)| *length);
        let shares = Share::of_each(count, &bytes).into_iter().zip(lengths);
        CutSettings {
            shares: shares
                .map(|(partitions, length)| Share { partitions, length })
                .collect(),
            ..self.cut.clone()
        }
    }
}

/// The bytes of a source as far as they are known before it is read, and the length that its slices are measured by.
fn size_of(source: &Source, growth: f64) -> (u64, u64) {
    if matches!(source.format, Format::Damaged(_)) {
        return (0, 0);
    }
    if source.is_columnar() {
        let Ok(file) = TableFile::open(source) else {
            return (0, 0);
        };
        let bytes = file.groups().iter().map(|group| group.decoded_bytes).sum();
        return (bytes, file.rows());
    }
    let length = match source.is_addressable() {
        true => source.identity.length,
        false => (source.identity.length as f64 * growth).ceil() as u64,
    };
    (length, length)
}

/// How many bytes of text a byte of a packed or converted source becomes, as a look at the sources says.
fn growth(sources: &[Source], preview: &Preview) -> f64 {
    let (mut plain, mut packed) = (0, 0);
    for source in sources {
        let (bytes, _) = size_of(source, 1.0);
        match source.is_addressable() || source.is_columnar() {
            true => plain += bytes,
            false => packed += bytes,
        }
    }
    // Line ends are no part of the records that were seen.
    let text = preview.seen.estimated_bytes + preview.seen.estimated_records;
    match (text.saturating_sub(plain), packed) {
        (0, _) | (_, 0) => 1.0,
        (text, packed) => text as f64 / packed as f64,
    }
}
