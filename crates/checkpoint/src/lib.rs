//! coldpress-checkpoint
