//! The set of short messages that a text has had so far.

/// The number of messages that are remembered, at most, so that they stay in the fastest memory.
const MOST: usize = 1 << 12;

/// Remembers messages until others take their places.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The messages, each at the place that its hash gives; 0 for an empty place.
    messages: Vec<u64>,
    /// The shift that reduces a hash to a place.
    shift: u32,
}

impl Seen {
    /// Forgets all messages, and makes room for `most` of them.
    pub(super) fn begin(&mut self, most: usize) {
        // Clearing the places takes time, which short texts should not spend.
        let places = most.clamp(2, MOST).next_power_of_two();
        self.messages.clear();
        self.messages.resize(places, 0);
        self.shift = u64::BITS - places.ilog2();
    }

    /// Remembers a message other than 0, and returns whether it is new. One that was forgotten counts as new.
    #[inline(always)]
    pub(super) fn is_new(&mut self, message: u64) -> bool {
        let place = message.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift;
        let known = &mut self.messages[place as usize];
        std::mem::replace(known, message) != message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_before_in_the_text_is_known_and_nothing_else() {
        let mut seen = Seen::default();
        for most in [0, 1, 7, 100, 100_000] {
            seen.begin(most);
            for message in 1..2_000_u64 {
                assert!(seen.is_new(message), "{most}");
                assert!(!seen.is_new(message), "{most}");
            }
        }
        seen.begin(100_000);
        (1..1_000).for_each(|message| assert!(seen.is_new(message)));
        let known = (1..1_000).filter(|&message| !seen.is_new(message)).count();
        assert!(known > 500, "{known}");
    }
}
