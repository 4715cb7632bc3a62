//! Tests over servers that others wrote.

mod contract;
mod uploads;
