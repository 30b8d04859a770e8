//! What the cache holds, in words.

use super::inspect::write_rows;
use super::numbers::{count, mb};
use crate::cache::Stat;

/// What it holds, a kind a line.
pub fn render(stat: &Stat) -> String {
    let mut out = format!("{}  {}\n", stat.folder.display(), held(stat));
    let rows: Vec<[String; 3]> = stat
        .kinds
        .iter()
        .filter(|(_, held)| held.entries > 0)
        .map(|(kind, held)| [kind.clone(), mb(held.bytes), entries(held.entries)])
        .collect();
    write_rows(&mut out, &rows);
    out
}

/// What was removed.
pub fn render_cleaned(stat: &Stat) -> String {
    let folder = stat.folder.display();
    format!("{folder}  {}, {} removed\n", entries(stat.entries), mb(stat.bytes))
}

fn held(stat: &Stat) -> String {
    format!("{} of at most {} in {}", mb(stat.bytes), mb(stat.most_bytes), entries(stat.entries))
}

fn entries(number: u64) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{} entries", count(number)) }
}
