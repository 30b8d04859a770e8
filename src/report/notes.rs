//! What a build did that has a condition or a price, a sentence each.

use super::numbers::{files, mb};
use super::{Report, RuleTotal};
use crate::rules::table::{OTHER_KERNELS, PAGE_SIZE, UNOPENED};
use crate::target::Arch;

/// All of it.
pub fn of(report: &Report) -> Vec<String> {
    let rule = |id: &str| report.rules.iter().find(|rule| rule.id == id);
    let bytecode = report.bytecode.as_ref().and_then(super::bytecode::Bytecode::told);
    bytecode
        .into_iter()
        .chain(rule(UNOPENED.id).map(unopened))
        .chain(rule(PAGE_SIZE.id).map(page_size))
        .chain(rule(OTHER_KERNELS.id).map(|rule| kernels(rule, report.target.arch)))
        .collect()
}

fn unopened(rule: &RuleTotal) -> String {
    let (files, bytes) = (files(rule.files), mb(rule.bytes));
    format!("left out on the word of the trace: {files}, {bytes}")
}

fn page_size(rule: &RuleTotal) -> String {
    let (files, bytes) = (files(rule.files), mb(rule.bytes));
    format!(
        "for a kernel with pages of 4 KiB, as Lambda's, and no larger ones (--page-size): {files}, {bytes} \
         less unzipped"
    )
}

fn kernels(rule: &RuleTotal, arch: Arch) -> String {
    let (files, zipped) = (files(rule.files), mb(rule.zipped_bytes));
    let processors = match arch {
        Arch::X86_64 => "with AVX2, as all of Lambda's",
        Arch::Arm64 => "such as Graviton2 or newer, as all of Lambda's",
    };
    format!(
        "for processors {processors}: kernels of others are overwritten in {files}, about {zipped} less \
         zipped (rule {})",
        rule.id
    )
}
