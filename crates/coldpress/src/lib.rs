//! coldpress-coldpress
