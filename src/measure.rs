//! Measures what runs of a package do.

pub mod coldstart;
pub mod money;
pub mod trace;
