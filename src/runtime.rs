//! A Python as Lambda runs it: finds a CPython, lays out `/var/task` and `/opt`, runs one bounded
//! child.

pub mod beside;
pub mod child;
pub mod find;
pub mod room;
pub mod strace;
