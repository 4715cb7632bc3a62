//! The modality of the records of a dataset.

use std::fmt;

use coldpress_record::{DeclaredFields, Found, JsonKind, Slot, scan, unescape_into};
use memchr::memmem;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The modality of records, by which a partition size is chosen.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// Text, or nothing that is recognized as media.
    #[default]
    Text,
    /// Images.
    Image,
    /// Sound.
    Audio,
    /// Moving images.
    Video,
    /// Several of these.
    Multimodal,
}

impl Modality {
    /// All modalities, in the order of the table of sizes.
    pub const ALL: [Self; 5] = [
        Self::Text,
        Self::Image,
        Self::Audio,
        Self::Video,
        Self::Multimodal,
    ];

    /// Returns its name in events and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Multimodal => "multimodal",
        }
    }
}

impl fmt::Display for Modality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The number of records of each modality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModalityCounts {
    /// Records of only text, or of nothing that is recognized as media.
    pub text: u64,
    /// Records of only images.
    pub image: u64,
    /// Records of only sound.
    pub audio: u64,
    /// Records of only moving images.
    pub video: u64,
    /// Records of several modalities.
    pub multimodal: u64,
}

/// The inverse of the share below which a modality does not count for the dataset.
const RARE: u128 = 10;

impl ModalityCounts {
    /// Returns how many records are of this kind.
    pub fn of(&self, modality: Modality) -> u64 {
        match modality {
            Modality::Text => self.text,
            Modality::Image => self.image,
            Modality::Audio => self.audio,
            Modality::Video => self.video,
            Modality::Multimodal => self.multimodal,
        }
    }

    /// Counts `records` more of this kind.
    pub fn add(&mut self, modality: Modality, records: u64) {
        let count = match modality {
            Modality::Text => &mut self.text,
            Modality::Image => &mut self.image,
            Modality::Audio => &mut self.audio,
            Modality::Video => &mut self.video,
            Modality::Multimodal => &mut self.multimodal,
        };
        *count = count.saturating_add(records);
    }

    /// Returns the number of all records.
    pub fn total(&self) -> u64 {
        Modality::ALL.into_iter().fold(0, |total: u64, modality| {
            total.saturating_add(self.of(modality))
        })
    }

    /// Returns the modality of the dataset: the one that at least a tenth of its records have, or `multimodal` if several have that
    /// share. A dataset without records counts as text.
    pub fn decide(&self) -> Modality {
        let total = u128::from(self.total());
        let mut frequent = Modality::ALL.into_iter().filter(|&modality| {
            let count = u128::from(self.of(modality));
            count > 0 && count * RARE >= total
        });
        match (frequent.next(), frequent.next()) {
            (None, _) => Modality::Text,
            (Some(only), None) => only,
            (Some(_), Some(_)) => Modality::Multimodal,
        }
    }
}

/// The names of the fields in which records hold text and media; dots lead into nested objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFields {
    /// Fields of text.
    pub text: Vec<String>,
    /// The field of images.
    pub image: String,
    /// The field of sound.
    pub audio: String,
    /// The field of moving images.
    pub video: String,
}

impl Default for MediaFields {
    fn default() -> Self {
        Self {
            text: vec!["text".to_owned()],
            image: "images".to_owned(),
            audio: "audios".to_owned(),
            video: "videos".to_owned(),
        }
    }
}

/// The words in a text that represent media.
const MARKERS: [(Modality, &str); 3] = [
    (Modality::Image, "<__dj__image>"),
    (Modality::Audio, "<__dj__audio>"),
    (Modality::Video, "<__dj__video>"),
];

/// The word between two parts of a text, which isn't text itself either.
const PART_END: &str = "<|__dj__eoc|>";

/// Detects the modality of records, one after another.
pub(crate) struct Detector {
    declared: DeclaredFields,
    media: [(Modality, usize); 3],
    texts: Vec<usize>,
    found: Found,
    text: String,
}

impl Detector {
    /// Creates a detector for these fields.
    pub(crate) fn new(fields: &MediaFields) -> Self {
        let mut declared = DeclaredFields::default();
        let media = [
            (Modality::Image, declared.declare(&fields.image)),
            (Modality::Audio, declared.declare(&fields.audio)),
            (Modality::Video, declared.declare(&fields.video)),
        ];
        let texts = fields.text.iter().map(|name| declared.declare(name));
        let texts = texts.collect();
        Self {
            declared,
            media,
            texts,
            found: Found::new(),
            text: String::new(),
        }
    }

    /// Returns the modality of a record; `None` if the line isn't a record.
    pub(crate) fn detect(&mut self, line: &str) -> Option<Modality> {
        scan(line, &self.declared, &mut self.found).ok()?;
        let mut kinds = Kinds::default();
        for (modality, column) in self.media {
            if holds_something(line, self.found[column]) {
                kinds.add(modality);
            }
        }
        for &column in &self.texts {
            let slot = self.found[column];
            if slot.kind == JsonKind::Text {
                self.text.clear();
                let inner = &line[slot.start as usize + 1..slot.end as usize - 1];
                // A text with a lone surrogate is still text.
                if unescape_into(inner, &mut self.text).is_err() {
                    inner.clone_into(&mut self.text);
                }
                kinds.add_text(&self.text);
            }
        }
        Some(kinds.modality())
    }
}

/// The modalities in one record.
#[derive(Default)]
struct Kinds(Vec<Modality>);

impl Kinds {
    fn add(&mut self, modality: Modality) {
        if !self.0.contains(&modality) {
            self.0.push(modality);
        }
    }

    /// Adds the media that the text's markers represent, and text if it is more than markers.
    fn add_text(&mut self, text: &str) {
        let mut words = text;
        let without;
        if memmem::find(text.as_bytes(), b"__dj__").is_some() {
            let mut rest = text.replace(PART_END, "");
            for (modality, marker) in MARKERS {
                if rest.contains(marker) {
                    self.add(modality);
                    rest = rest.replace(marker, "");
                }
            }
            without = rest;
            words = &without;
        }
        if !words.trim().is_empty() {
            self.add(Modality::Text);
        }
    }

    fn modality(&self) -> Modality {
        match self.0.as_slice() {
            [] => Modality::Text,
            [only] => *only,
            [..] => Modality::Multimodal,
        }
    }
}

/// Returns whether a media field has a value: a name, an object, or a list with one of these in it.
fn holds_something(line: &str, slot: Slot) -> bool {
    match slot.kind {
        JsonKind::Text | JsonKind::List | JsonKind::Object => {
            let json = &line[slot.start as usize..slot.end as usize];
            serde_json::from_str(json).is_ok_and(|value| is_something(&value))
        }
        JsonKind::Absent
        | JsonKind::Null
        | JsonKind::Number
        | JsonKind::Bool
        | JsonKind::Column(_) => false,
    }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(name) => !name.trim().is_empty(),
        Value::Array(items) => items.iter().any(is_something),
        Value::Object(fields) => fields.values().any(is_something),
    }
}

#[cfg(test)]
mod tests;
