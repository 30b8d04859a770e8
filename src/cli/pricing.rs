//! The options that turn measured cold starts into money.

use clap::Args;

use crate::options::billing::{Billing, DEFAULT_MEMORY, price};

/// The options that turn measured cold starts into money.
#[derive(Debug, Args)]
pub struct Pricing {
    /// The function's memory in MB, for what billed INIT costs [default: 1024]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(128..=10_240))]
    pub memory: Option<u32>,
    /// USD for a GB-second [default: Lambda's list price in us-east-1 as of 2025-08: 0.0000166667
    /// for x86_64, 0.0000133334 for arm64]
    #[arg(long, value_name = "USD", value_parser = price)]
    pub price: Option<f64>,
}

impl Pricing {
    /// What was asked for.
    pub(super) fn billing(&self) -> Billing {
        Billing { memory: self.memory.unwrap_or(DEFAULT_MEMORY), price: self.price }
    }
}
