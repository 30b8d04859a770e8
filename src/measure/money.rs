//! What the INIT of measured cold starts costs.
//!
//! Lambda bills INIT since 2025-08-01 as it bills calls: whole milliseconds, times the memory in GB,
//! times a price. Each figure takes for granted that every cold start takes as long as the measured one.

use serde::Serialize;

use crate::options::billing::{Billing, LIST, list_price};
use crate::target::Arch;

/// Cold starts that a figure is told for.
pub const STARTS: u64 = 1_000_000;

/// What a million cold starts are billed for INIT.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InitCost {
    /// The memory of the function, in MB.
    pub memory_mb: u32,
    /// The price of a GB-second, in USD.
    pub usd_per_gb_second: f64,
    /// The processor whose list price that is; null where the user named a price.
    pub list_price_of: Option<String>,
    /// The month of the list price; null where the user named a price.
    pub list_price_as_of: Option<&'static str>,
    /// What was measured, the package as it was first.
    pub of: Vec<Billed>,
}

/// What is billed for one of the measured packages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Billed {
    /// What was measured, as the rest of the report names it.
    pub name: String,
    /// Milliseconds that each start is billed.
    pub billed_ms: u64,
    /// Seconds that a million starts are billed.
    pub seconds_per_million: u64,
    /// USD for them.
    pub usd_per_million: f64,
    /// USD less than for the first of the list; negative where it is more.
    pub saves_usd_per_million: f64,
}

impl InitCost {
    /// The costs of starts of these names and seconds.
    pub fn of<'n>(
        billing: &Billing,
        arch: Arch,
        measured: impl IntoIterator<Item = (&'n str, f64)>,
    ) -> Self {
        let price = billing.price.unwrap_or(list_price(arch));
        let list = billing.price.is_none();
        let mut of: Vec<Billed> = Vec::new();
        for (name, seconds) in measured {
            let one = billed(name, seconds, f64::from(billing.memory) / 1024.0 * price);
            let first = of.first().map_or(one.usd_per_million, |first| first.usd_per_million);
            of.push(Billed { saves_usd_per_million: micro(first - one.usd_per_million), ..one });
        }
        Self {
            memory_mb: billing.memory,
            usd_per_gb_second: price,
            list_price_of: list.then(|| arch.to_string()),
            list_price_as_of: list.then_some(LIST.0),
            of,
        }
    }
}

fn billed(name: &str, seconds: f64, usd_per_second: f64) -> Billed {
    // What is a whole number of milliseconds but for the float stays one.
    let billed_ms = (seconds * 1e3 - 1e-6).ceil().max(0.0) as u64;
    let seconds_per_million = billed_ms * (STARTS / 1_000);
    Billed {
        name: name.to_owned(),
        billed_ms,
        seconds_per_million,
        usd_per_million: micro(seconds_per_million as f64 * usd_per_second),
        saves_usd_per_million: 0.0,
    }
}

/// An amount without what a float adds behind the millionth of a dollar.
fn micro(usd: f64) -> f64 {
    (usd * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_prices_as_reckoned_by_hand() {
        let billing = Billing::default();
        // 250 ms are 250,000 s a million: at 1 GB 250,000 times 0.0000166667.
        let cost = InitCost::of(&billing, Arch::X86_64, [("before", 1.4701), ("after", 0.25)]);
        assert_eq!(cost.of[1].seconds_per_million, 250_000);
        assert_eq!(cost.of[1].usd_per_million, 4.166675);
        // 1,470.1 ms are billed as 1,471: 1,471,000 times 0.0000166667 are 24.5167157.
        assert_eq!((cost.of[0].billed_ms, cost.of[0].usd_per_million), (1_471, 24.516716));
        assert_eq!(
            [cost.of[0].saves_usd_per_million, cost.of[1].saves_usd_per_million],
            [0.0, 20.350041]
        );
        assert_eq!(cost.list_price_as_of, Some("2025-08"));
        // Half a GB on arm64: 1,200,000 s, times 0.5, times 0.0000133334.
        let half = Billing { memory: 512, price: None };
        let cost = InitCost::of(&half, Arch::Arm64, [("one", 1.2)]);
        assert_eq!(cost.of[0].usd_per_million, 8.00004);
        assert_eq!(cost.list_price_of.as_deref(), Some("arm64"));
    }

    #[test]
    fn a_price_of_the_users() {
        let billing = Billing { memory: 2048, price: Some(0.00001) };
        let cost = InitCost::of(&billing, Arch::X86_64, [("a", 0.1), ("b", 0.2)]);
        // 100,000 s, times 2, times 0.00001.
        assert_eq!([cost.of[0].usd_per_million, cost.of[1].usd_per_million], [2.0, 4.0]);
        assert_eq!(cost.of[1].saves_usd_per_million, -2.0);
        assert_eq!((cost.list_price_of, cost.list_price_as_of), (None, None));
        assert_eq!(cost.usd_per_gb_second, 0.00001);
    }

    #[test]
    fn milliseconds_are_billed_whole() {
        let cost = |seconds| {
            InitCost::of(&Billing::default(), Arch::X86_64, [("", seconds)]).of[0].billed_ms
        };
        assert_eq!(
            [cost(0.0), cost(0.0001), cost(0.001), cost(0.123), cost(0.1231)],
            [0, 1, 1, 123, 124]
        );
    }
}
