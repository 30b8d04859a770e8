//! Many functions as one build: what of each ships, and which layers they share.

pub mod digests;
pub mod items;
pub mod slimmed;
