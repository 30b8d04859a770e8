//! Real files from gcc, binutils and patchelf, slimmed, compared and loaded.
//!
//! The tools must be on PATH: gcc, g++, binutils, patchelf, aarch64-linux-gnu-gcc, qemu-aarch64.
//! A missing one fails the test that needs it and says so.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checking;
mod damage;
mod fixtures;
mod keeping;
mod kernels;
mod loading;
mod oracle;
mod pages;
mod placing;
mod reading;
