//! What INIT costs, in words; and what of it stands in a report.

use super::Report;
use super::numbers::count;
use crate::measure::money::InitCost;
use crate::options::billing::{Billing, LIST};

/// What every amount takes for granted.
pub const ASSUMED: &str = "assumed: every cold start takes as long as the median measured here, on this machine and not on \
     Lambda; INIT is billed by the millisecond";

/// The two sides that the emulator starts, as the timings name them.
const SIDES: [&str; 2] = ["as it was", "as it ships"];

impl Report {
    /// Reckons what the INIT costs that the emulator measured, where it did. What differs from run to run
    /// stands in the timings.
    pub fn bill(&mut self, billing: &Billing) {
        let seconds = |side: &'static str| {
            self.timings.get(&format!("emulator: INIT {side}")).map(|seconds| (side, *seconds))
        };
        let measured: Vec<(&str, f64)> = SIDES.into_iter().filter_map(seconds).collect();
        if measured.len() < SIDES.len() {
            return;
        }
        let cost = InitCost::of(billing, self.target.arch, measured);
        let mut tell = |what: String, value: f64| {
            self.timings.insert(format!("emulator: {what}"), value);
        };
        tell("memory in MB".to_owned(), f64::from(cost.memory_mb));
        tell("USD per GB-second".to_owned(), cost.usd_per_gb_second);
        for one in &cost.of {
            let side = &one.name;
            tell(format!("billed INIT per million {side}"), one.seconds_per_million as f64);
            tell(format!("USD per million {side}"), one.usd_per_million);
        }
        self.init_cost = Some(cost);
    }
}

/// The amount with cents.
pub fn usd(amount: f64) -> String {
    let cents = (amount.abs() * 100.0).round() as u64;
    format!("{}.{:02} USD", count(cents / 100), cents % 100)
}

/// How much less the second of two amounts is, or more: of the cents that are shown.
pub fn saved(before: f64, after: f64) -> String {
    let cents = |amount: f64| (amount * 100.0).round() / 100.0;
    let by = cents(before) - cents(after);
    match usd(by) {
        none if none == "0.00 USD" => "as much".to_owned(),
        amount if by > 0.0 => format!("{amount} less"),
        amount => format!("{amount} more"),
    }
}

/// At which memory and price.
pub fn priced(cost: &InitCost) -> String {
    let (memory, price) = (count(cost.memory_mb.into()), cost.usd_per_gb_second);
    let whose = match (&cost.list_price_of, cost.list_price_as_of) {
        (Some(arch), Some(month)) => {
            format!("Lambda's list price for {arch} in {} as of {month}", LIST.1)
        }
        _ => "given by --price".to_owned(),
    };
    format!("{memory} MB at {price} USD per GB-second ({whose})")
}

/// The whole for people, of what a proof measured.
pub fn lines(cost: &InitCost) -> Vec<String> {
    let [before, after] = &cost.of[..] else { return Vec::new() };
    let seconds = |seconds: u64| format!("{} s", count(seconds));
    vec![
        format!(
            "billed INIT of a million cold starts: {} ({}) as it was, {} ({}) as it ships: {}",
            seconds(before.seconds_per_million),
            usd(before.usd_per_million),
            seconds(after.seconds_per_million),
            usd(after.usd_per_million),
            saved(before.usd_per_million, after.usd_per_million)
        ),
        format!("  {}", priced(cost)),
        format!("  {ASSUMED}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Arch;

    #[test]
    fn amounts_read_well() {
        assert_eq!(
            [usd(0.0), usd(4.166675), usd(12_345.678)],
            ["0.00 USD", "4.17 USD", "12,345.68 USD"]
        );
        assert_eq!([saved(2.0, 0.5), saved(0.5, 1.0)], ["1.50 USD less", "0.50 USD more"]);
        assert_eq!(saved(1.0, 1.001), "as much");
        assert_eq!(saved(2.591672, 1.375003), "1.21 USD less", "2.59 are 1.21 more than 1.38");
    }

    #[test]
    fn what_the_emulator_measured_is_reckoned() {
        let target = crate::target::Target { python: "3.12".parse().unwrap(), arch: Arch::X86_64 };
        let mut report = Report::empty(target, &crate::options::Options::of(Vec::new()));
        report.timings.insert("emulator: INIT as it ships".to_owned(), 0.2);
        report.bill(&Billing::default());
        assert_eq!(report.init_cost, None, "nothing tells what was before");
        report.timings.insert("emulator: INIT as it was".to_owned(), 0.6);
        report.bill(&Billing { memory: 2048, price: Some(0.00001) });
        let told = |what: &str| report.timings[&format!("emulator: {what}")];
        // 600,000 s and 200,000 s, times 2 GB, times 0.00001.
        assert_eq!(
            [told("USD per million as it was"), told("USD per million as it ships")],
            [12.0, 4.0]
        );
        assert_eq!(told("billed INIT per million as it ships"), 200_000.0);
        assert_eq!([told("memory in MB"), told("USD per GB-second")], [2048.0, 0.00001]);
    }

    #[test]
    fn price_date_and_assumption_are_told() {
        let measured = [("as it was", 0.6), ("as it ships", 0.2)];
        let cost = InitCost::of(&Billing::default(), Arch::X86_64, measured);
        // 600,000 and 200,000 s, times 0.0000166667.
        assert_eq!(
            lines(&cost),
            [
                "billed INIT of a million cold starts: 600,000 s (10.00 USD) as it was, 200,000 s (3.33 USD) as it ships: 6.67 USD less",
                "  1,024 MB at 0.0000166667 USD per GB-second (Lambda's list price for x86_64 in us-east-1, first tier as of 2025-08)",
                "  assumed: every cold start takes as long as the median measured here, on this machine and not on Lambda; INIT is billed by the millisecond",
            ]
        );
        let own = Billing { memory: 512, price: Some(0.00002) };
        let told = priced(&InitCost::of(&own, Arch::Arm64, measured));
        assert_eq!(told, "512 MB at 0.00002 USD per GB-second (given by --price)");
    }
}
