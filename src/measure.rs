//! Measures what runs of a package do.

pub mod trace;
