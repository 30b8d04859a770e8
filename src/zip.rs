//! The zip engine: deflate a file, write a deterministic zip, read a package zip that nobody vouches for.

pub mod deflate;
pub mod gzip;
pub mod joined;
pub mod names;
pub mod reader;
pub mod writer;

#[cfg(test)]
mod tests;
