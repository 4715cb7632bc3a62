//! The program as a user meets it: run as a process.
