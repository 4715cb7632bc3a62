//! Count, mean, standard deviation and extremes, value by value.

/// The moments of the values seen so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    pub(super) count: u64,
    mean: f64,
    /// The sum of squared distances from the mean.
    squares: f64,
    /// The sum and its rounding error, so that means of many values keep their last digits.
    sum: f64,
    lost: f64,
    least: f64,
    greatest: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self {
            count: 0,
            mean: 0.0,
            squares: 0.0,
            sum: 0.0,
            lost: 0.0,
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
        }
    }
}

impl Moments {
    /// Takes a value, by the methods of Welford and Neumaier.
    pub(super) fn take(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
        let sum = self.sum + value;
        self.lost += match self.sum.abs() >= value.abs() {
            true => (self.sum - sum) + value,
            false => (value - sum) + self.sum,
        };
        self.sum = sum;
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
    }

    pub(super) fn mean(&self) -> Option<f64> {
        self.any((self.sum + self.lost) / self.count as f64)
    }

    /// Returns the sample standard deviation; none for a single value.
    pub(super) fn std(&self) -> Option<f64> {
        let degrees = self.count.checked_sub(1).filter(|degrees| *degrees > 0)?;
        Some((self.squares / degrees as f64).sqrt())
    }

    pub(super) fn least(&self) -> Option<f64> {
        self.any(self.least)
    }

    pub(super) fn greatest(&self) -> Option<f64> {
        self.any(self.greatest)
    }

    fn any(&self, value: f64) -> Option<f64> {
        (self.count > 0).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_plain_formulas() {
        for values in [
            vec![1.0, 2.0, 4.0],
            vec![1e6, 1e6 + 1.0, 1e6 + 3.0],
            vec![-5.0; 9],
        ] {
            let mut moments = Moments::default();
            values.iter().for_each(|value| moments.take(*value));
            let count = values.len() as f64;
            let mean = values.iter().sum::<f64>() / count;
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            assert_eq!(moments.mean(), Some(mean));
            let (std, plain) = (moments.std().unwrap(), (squares / (count - 1.0)).sqrt());
            assert!((std - plain).abs() <= 1e-8 * plain, "{std} {plain}");
        }
        let mut one = Moments::default();
        assert_eq!((one.mean(), one.std(), one.least()), (None, None, None));
        one.take(7.0);
        assert_eq!(
            (one.mean(), one.std(), one.greatest()),
            (Some(7.0), None, Some(7.0))
        );
    }
}
