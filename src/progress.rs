//! How far a long step has come.

/// Told how a long step goes; called from many threads.
pub trait Progress: Sync {
    /// A step of `total` bytes begins (0: the amount is not known).
    fn begin(&self, step: &'static str, total: u64);
    /// `bytes` more are done.
    fn advance(&self, bytes: u64);
    /// The step that was begun last is done.
    fn end(&self);
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _step: &'static str, _total: u64) {}
    fn advance(&self, _bytes: u64) {}
    fn end(&self) {}
}
