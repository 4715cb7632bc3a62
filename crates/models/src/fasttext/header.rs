//! The beginning of a model file: magic number, version, and training arguments.

use crate::Fault;
use crate::cursor::Cursor;

const MAGIC: i32 = 793_712_314;
/// The newest version. Version 11 is the one before character n-grams.
const VERSION: i32 = 12;
const SUPERVISED: i32 = 3;
/// The length of the longest n-grams that are considered intentional. The time grows with text × length, so there must be a limit.
const LONGEST_NGRAM: i32 = 64;

/// The way that probabilities are computed from the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LossName {
    HierarchicalSoftmax,
    NegativeSampling,
    Softmax,
    OneVersusAll,
}

/// The arguments of the model that affect predictions.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) dimension: usize,
    pub(super) loss: LossName,
    /// The length of the longest n-grams of words; 1 for none.
    pub(super) word_ngrams: usize,
    /// The lengths of the shortest and longest n-grams of characters; 0 for none.
    pub(super) characters: (usize, usize),
    /// The number of rows that n-grams share.
    pub(super) buckets: u32,
}

impl Header {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        if cursor.i32("the magic number")? != MAGIC {
            return Err(Fault::damaged(
                "it does not begin with the magic number of fastText",
            ));
        }
        let version = cursor.i32("the version")?;
        if version > VERSION {
            return Err(Fault::unsupported(format!(
                "it has version {version} of the format, and the newest known one is {VERSION}"
            )));
        }
        let mut argument = || cursor.i32("the arguments");
        let dimension = argument()?;
        // The window, the epochs, the least count and the negative samples only matter for training.
        for _ in 0..4 {
            argument()?;
        }
        let word_ngrams = argument()?;
        let loss = argument()?;
        let model = argument()?;
        let buckets = argument()?;
        let (shortest, longest) = (argument()?, argument()?);
        // The update rate of the learning rate, and the sampling threshold.
        argument()?;
        cursor.take(8, "the arguments")?;
        if model != SUPERVISED {
            return Err(Fault::unsupported(
                "it is a model of word vectors; a supervised one is needed",
            ));
        }
        let longest = if version == 11 { 0 } else { longest };
        let no_ngrams = longest == 0 && word_ngrams <= 1;
        let checks = [
            (dimension > 0, "its dimension is not positive"),
            (
                (0..=LONGEST_NGRAM).contains(&longest) && word_ngrams <= LONGEST_NGRAM,
                "its n-grams are longer than 64",
            ),
            (shortest >= 0, "its shortest n-gram has a negative length"),
            (
                buckets > 0 || (no_ngrams && buckets == 0),
                "it has n-grams and no rows for them",
            ),
        ];
        if let Some((_, reason)) = checks.iter().find(|(holds, _)| !holds) {
            return Err(Fault::damaged(*reason));
        }
        let size = |value: i32| usize::try_from(value).unwrap_or(0);
        Ok(Self {
            dimension: size(dimension),
            loss: loss_name(loss)?,
            word_ngrams: size(word_ngrams),
            characters: (size(shortest), size(longest)),
            buckets: u32::try_from(buckets).unwrap_or(0),
        })
    }
}

fn loss_name(number: i32) -> Result<LossName, Fault> {
    match number {
        1 => Ok(LossName::HierarchicalSoftmax),
        2 => Ok(LossName::NegativeSampling),
        3 => Ok(LossName::Softmax),
        4 => Ok(LossName::OneVersusAll),
        _ => Err(Fault::damaged(format!("it has no loss of number {number}"))),
    }
}
