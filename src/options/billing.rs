//! What Lambda takes for the time that a function runs, INIT included since 2025-08-01.

use crate::target::Arch;

/// Megabytes of memory where none were named; 1,024 make the GB that prices are told for.
pub const DEFAULT_MEMORY: u32 = 1024;

/// The month of the list prices below, and of whom they are: region and tier.
pub const LIST: (&str, &str) = ("2025-08", "us-east-1, first tier");

/// How time is turned into money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Billing {
    /// The memory that the function is given, in MB.
    pub memory: u32,
    /// USD for a GB-second, where the user knows; else the list price counts.
    pub price: Option<f64>,
}

impl Default for Billing {
    fn default() -> Self {
        Self { memory: DEFAULT_MEMORY, price: None }
    }
}

/// Lambda's public price of one GB-second in USD, as [`LIST`] dates it.
pub fn list_price(arch: Arch) -> f64 {
    match arch {
        Arch::X86_64 => 0.0000166667,
        Arch::Arm64 => 0.0000133334,
    }
}

/// Reads a price as it is typed: USD for a GB-second.
///
/// # Errors
/// What is wanted, for what is no amount of money that could be one.
pub fn price(text: &str) -> Result<f64, String> {
    let wanted = "USD per GB-second are wanted, such as 0.0000166667";
    let price: f64 = text.trim().parse().map_err(|_| wanted.to_owned())?;
    let fits = price > 0.0 && price <= 1.0;
    if fits { Ok(price) } else { Err(format!("{wanted}: more than 0, and 1 at most")) }
}
