//! What a store keeps, and what it does with files that are not what they should be.

mod round_trips;
