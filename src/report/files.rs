//! Every file of the packages, and what became of it.

/// Every file of the packages, and what became of it.
#[derive(Debug, Default)]
pub struct Files {}
