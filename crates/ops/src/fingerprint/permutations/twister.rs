//! The random numbers that the permutations are made from.

/// The generator MT19937, seeded and read as in numpy's `RandomState`.
pub(super) struct MersenneTwister {
    state: [u32; Self::WORDS],
    next: usize,
}

impl MersenneTwister {
    const WORDS: usize = 624;
    const SHIFT: usize = 397;

    pub(super) fn new(seed: u32) -> Self {
        let mut state = [seed; Self::WORDS];
        for (i, before) in (1..Self::WORDS).zip(0..) {
            let mixed = state[before] ^ (state[before] >> 30);
            state[i] = mixed.wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        Self {
            state,
            next: Self::WORDS,
        }
    }

    fn refill(&mut self) {
        for i in 0..Self::WORDS {
            let (next, far) = ((i + 1) % Self::WORDS, (i + Self::SHIFT) % Self::WORDS);
            let mixed = (self.state[i] & 0x8000_0000) | (self.state[next] & 0x7fff_ffff);
            let odd = if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[far] ^ (mixed >> 1) ^ odd;
        }
        self.next = 0;
    }

    fn next_u32(&mut self) -> u32 {
        if self.next == Self::WORDS {
            self.refill();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn next_u64(&mut self) -> u64 {
        let high = u64::from(self.next_u32());
        high << 32 | u64::from(self.next_u32())
    }

    /// Draws a number from 0 to `most`, which is above 0: it draws numbers with as many bits until one isn't greater than `most`.
    pub(super) fn up_to(&mut self, most: u64) -> u64 {
        let mask = u64::MAX >> most.leading_zeros();
        loop {
            let number = self.next_u64() & mask;
            if number <= most {
                return number;
            }
        }
    }
}
