//! Shared objects: what one needs and offers, and the smallest file that loads the same.
//!
//! Pure functions over the bytes of one file; no paths, no input or output. The rules and the
//! figures behind them: System V gABI chapters 4 and 5, and the measurements quoted in
//! [`strip`].

mod check;
pub mod inspect;
pub mod kernels;
mod layout;
pub mod pages;
pub mod parts;
mod raw;
mod sections;
pub mod strip;

#[cfg(test)]
mod tests;
