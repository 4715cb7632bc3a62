//! The counts of one statistic.

use std::collections::HashMap;

use coldpress_record::StatValue;

use super::moments::Moments;
use super::ranks::Ranks;
use super::{Described, Values};

/// The most numbers that are kept in memory for all statistics together: 64 MiB.
const MOST_NUMBERS: usize = 8 << 20;

/// The most different texts that are counted one by one.
const MOST_TEXTS: usize = 100_000;

/// The quantiles that are always computed.
const ALWAYS: [f64; 3] = [0.25, 0.5, 0.75];

/// One statistic of all records.
pub(super) struct Column {
    pub(super) name: String,
    moments: Moments,
    ranks: Ranks,
    /// The number of occurrences of each value that isn't a number, and the order in which they appeared.
    texts: HashMap<String, (u64, usize)>,
    others: u64,
    has_more: bool,
    has_texts: bool,
}

impl Column {
    /// Begins one of `of` statistics.
    pub(super) fn new(name: &str, percentiles: &[f64], of: usize) -> Self {
        let shares: Vec<f64> = percentiles.iter().chain(&ALWAYS).copied().collect();
        Self {
            name: name.to_owned(),
            moments: Moments::default(),
            ranks: Ranks::new(&shares, MOST_NUMBERS / of.max(1)),
            texts: HashMap::new(),
            others: 0,
            has_more: false,
            has_texts: false,
        }
    }

    /// Takes the values of a block in the first pass.
    pub(super) fn take(&mut self, values: &[Option<StatValue>]) {
        each_value(values, &mut |value| match value {
            StatValue::Bool(flag) => self.count(if *flag { "true" } else { "false" }),
            StatValue::Text(text) => {
                self.has_texts = true;
                self.count(text);
            }
            number => {
                if let Some(number) = number_of(number) {
                    self.moments.take(number);
                    self.ranks.take(number);
                }
            }
        });
    }

    /// Takes the values of a block in a later pass.
    pub(super) fn look_again(&mut self, values: &[Option<StatValue>]) {
        each_value(values, &mut |value| {
            if let Some(number) = number_of(value) {
                self.ranks.take(number);
            }
        });
    }

    /// Ends a pass. Returns whether another one is needed.
    pub(super) fn end_pass(&mut self) -> bool {
        self.ranks.end_pass(self.moments.count)
    }

    pub(super) fn is_unfinished(&self) -> bool {
        self.ranks.is_unfinished()
    }

    fn count(&mut self, text: &str) {
        self.others += 1;
        if let Some((count, _)) = self.texts.get_mut(text) {
            *count += 1;
        } else if self.texts.len() < MOST_TEXTS {
            self.texts.insert(text.to_owned(), (1, self.texts.len()));
        } else {
            self.has_more = true;
        }
    }

    pub(super) fn describe(self) -> Described {
        let top = self
            .texts
            .iter()
            .max_by_key(|(_, (count, at))| (*count, usize::MAX - at));
        let values = top.map(|(text, (count, _))| Values {
            unique: self.texts.len() as u64,
            has_more: self.has_more,
            top: text.clone(),
            freq: *count,
            are_flags: !self.has_texts,
        });
        Described {
            count: self.moments.count + self.others,
            mean: self.moments.mean(),
            std: self.moments.std(),
            min: self.moments.least(),
            max: self.moments.greatest(),
            quantiles: self.ranks.quantiles(),
            values,
            name: self.name,
        }
    }
}

fn number_of(value: &StatValue) -> Option<f64> {
    Some(value.as_f64()).filter(|number| !number.is_nan())
}

/// Calls `see` with each value. The elements of a list are values of their own.
fn each_value(values: &[Option<StatValue>], see: &mut impl FnMut(&StatValue)) {
    for value in values.iter().flatten() {
        match value {
            StatValue::List(list) => list.iter().for_each(&mut *see),
            value => see(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_all_types_are_described() {
        let mut column = Column::new("s", &[], 1);
        let list = StatValue::List([StatValue::Int(1), StatValue::Float(3.0)].into());
        let text = |text: &str| Some(StatValue::Text(text.into()));
        column.take(&[
            Some(list),
            None,
            text("en"),
            text("de"),
            text("de"),
            Some(StatValue::Null),
        ]);
        column.take(&[
            Some(StatValue::Float(f64::NAN)),
            Some(StatValue::Int(2)),
            text("en"),
        ]);
        assert!(!column.end_pass());
        let described = column.describe();
        assert_eq!((described.count, described.mean), (7, Some(2.0)));
        assert_eq!((described.min, described.max), (Some(1.0), Some(3.0)));
        let values = described.values.unwrap();
        assert_eq!(
            (values.unique, values.top.as_str(), values.freq),
            (2, "en", 2)
        );
        assert!(!values.are_flags);
    }
}
