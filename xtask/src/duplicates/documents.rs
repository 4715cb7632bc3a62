//! The documents. Each is made only from its number, so any of them can be made again without those before it.

/// The number of documents in a block. All blocks have the same kinds.
const BLOCK: u64 = 100;
/// The number of originals, which are the first documents of a block.
const ORIGINALS: u64 = 60;
/// The number of words in the language.
const VOCABULARY: u64 = 20_000;
/// The number of blocks whose templated pages share a template.
const SHARE_TEMPLATE: u64 = 10;

/// The way a document was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// From words of its own.
    Original,
    /// From the words of an earlier one.
    Copy,
    /// From an earlier one, with this percentage of its words replaced.
    Edited(u64),
    /// A link of a chain: the one before it, with two percent of its words replaced.
    Link(u64),
    /// A page of its own, with this percentage of its words from its template.
    Page(u64),
}

impl Kind {
    /// Returns the kind of a document.
    pub(super) fn of(document: u64) -> Self {
        match document % BLOCK {
            0..ORIGINALS => Self::Original,
            60..70 => Self::Copy,
            70..73 => Self::Edited(1),
            73..76 => Self::Edited(5),
            76..79 => Self::Edited(10),
            79..82 => Self::Edited(20),
            82..85 => Self::Edited(30),
            place @ 85..90 => Self::Link(place - 84),
            90..95 => Self::Page(40),
            _ => Self::Page(70),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Original => f.write_str("original"),
            Self::Copy => f.write_str("exact copy"),
            Self::Edited(share) => write!(f, "{share} % of words replaced"),
            Self::Link(number) => write!(f, "link {number} of a chain"),
            Self::Page(share) => write!(f, "page, {share} % template"),
        }
    }
}

/// The language and the length of the documents.
#[derive(Clone, Debug)]
pub(super) struct Documents {
    vocabulary: Vec<String>,
    /// The average number of words in a document.
    words: u64,
}

impl Documents {
    pub(super) fn new(words: u64) -> Self {
        let vocabulary = (0..VOCABULARY).map(spelling).collect();
        Self { vocabulary, words }
    }

    /// Returns the earlier document from which one was made.
    pub(super) fn parent(document: u64) -> Option<u64> {
        let block = document / BLOCK;
        match Kind::of(document) {
            Kind::Original | Kind::Page(_) => None,
            Kind::Link(2..) => Some(document - 1),
            _ => {
                let mut random = Random::new(document, "parent");
                Some(random.below(block + 1) * BLOCK + random.below(ORIGINALS))
            }
        }
    }

    /// Returns the words of a document, as places in the vocabulary.
    pub(super) fn words(&self, document: u64) -> Vec<u64> {
        match (Kind::of(document), Self::parent(document)) {
            (Kind::Edited(share), Some(parent)) => self.edited(parent, document, share),
            (Kind::Link(_), Some(parent)) => self.edited(parent, document, 2),
            (_, Some(parent)) => self.words(parent),
            (Kind::Page(share), None) => self.page(document, share),
            (_, None) => {
                let mut random = Random::new(document, "words");
                let length = self.words / 2 + random.below(self.words + 1);
                (0..length).map(|_| random.word()).collect()
            }
        }
    }

    /// Replaces some of a document's words, at least one.
    fn edited(&self, parent: u64, document: u64, share: u64) -> Vec<u64> {
        let before = self.words(parent);
        let mut words = before.clone();
        let mut random = Random::new(document, "edits");
        let length = words.len() as u64;
        for _ in 0..(length * share / 100).max(1) {
            let place = random.below(length) as usize;
            // The new word always differs from the old one, even if the place is drawn twice.
            words[place] = (before[place] + 1 + random.below(VOCABULARY - 1)) % VOCABULARY;
        }
        words
    }

    /// Makes a page: the head of its template, words of its own, and the foot of its template.
    fn page(&self, document: u64, share: u64) -> Vec<u64> {
        let of_template = self.words * share / 100;
        let template = document / BLOCK / SHARE_TEMPLATE * BLOCK + share;
        let mut template = Random::new(template, "template");
        let mut own = Random::new(document, "words");
        let mut words: Vec<u64> = (0..of_template).map(|_| template.word()).collect();
        let foot = words.split_off(words.len() / 2);
        words.extend((of_template..self.words).map(|_| own.word()));
        words.extend(foot);
        words
    }

    /// Appends the document as a line of JSON.
    pub(super) fn write(&self, document: u64, words: &[u64], out: &mut Vec<u8>) {
        out.extend(format!("{{\"id\": {document}, \"text\": \"").as_bytes());
        for (place, word) in words.iter().enumerate() {
            if place > 0 {
                out.push(b' ');
            }
            out.extend(self.vocabulary[*word as usize].as_bytes());
        }
        out.extend(b"\"}\n");
    }
}

/// Spells the word of a number. Frequent words are short, and no two are the same.
fn spelling(number: u64) -> String {
    const CONSONANTS: &[u8] = b"bdfghklmnprstvwz";
    const VOWELS: &[u8] = b"aeiou";
    let mut word = String::new();
    let mut left = number + 1;
    while left > 0 {
        let syllable = left % 80;
        word.push(char::from(CONSONANTS[(syllable / 5) as usize]));
        word.push(char::from(VOWELS[(syllable % 5) as usize]));
        left /= 80;
    }
    word
}

/// The generator SplitMix64.
struct Random(u64);

impl Random {
    /// Creates numbers that depend on their purpose.
    fn new(document: u64, purpose: &str) -> Self {
        let purpose = purpose.bytes();
        let purpose = purpose.fold(20_260_101, |all: u64, byte| {
            all.wrapping_mul(257) + u64::from(byte)
        });
        Self(Self(document ^ purpose << 40).next() ^ purpose)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// Draws a word. Some words are much more frequent than others.
    fn word(&mut self) -> u64 {
        let share = self.below(VOCABULARY);
        share * self.below(VOCABULARY) / VOCABULARY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duplicates::similarity::similarity;

    #[test]
    fn documents_are_what_their_kind_says() {
        let documents = Documents::new(60);
        for document in 0..3_000 {
            let words = documents.words(document);
            let Some(parent) = Documents::parent(document) else {
                continue;
            };
            assert!(parent < document);
            let share = similarity(&words, &documents.words(parent));
            match Kind::of(document) {
                Kind::Copy => assert_eq!(share, 1.0),
                Kind::Edited(30) => assert!(share < 0.5, "{share}"),
                _ => assert!(share < 1.0, "{share}"),
            }
        }
    }

    #[test]
    fn pages_of_one_template_share_it_and_nothing_else() {
        let documents = Documents::new(60);
        let words = |document| documents.words(document);
        let shares = [
            similarity(&words(90), &words(91)),
            similarity(&words(95), &words(996)),
            similarity(&words(95), &words(1095)),
        ];
        assert!(shares[0] > 0.1 && shares[0] < 0.3, "{shares:?}");
        assert!(shares[1] > 0.4 && shares[1] < 0.6, "{shares:?}");
        assert_eq!(shares[2], 0.0);
    }

    /// Published figures can be reproduced only from the same documents.
    #[test]
    fn the_same_numbers_give_the_same_documents() {
        let documents = Documents::new(10);
        let mut line = Vec::new();
        documents.write(70, &documents.words(70), &mut line);
        let line = String::from_utf8(line).unwrap();
        let json: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json["text"], "lasu tihabe rebo tela sefabe");
    }
}
