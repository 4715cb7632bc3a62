//! Tests over servers that others wrote, and over some that do harm.

mod contract;
mod datasets;
mod faults;
mod hub;
mod secrets;
mod uploads;
mod web;
