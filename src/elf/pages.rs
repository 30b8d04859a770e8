//! Segments aligned for kernels with pages of 4 KiB, and no larger ones.
//!
//! Linkers for aarch64 align segments to 64 KiB, so that a file loads whatever pages the kernel has.
//! Where these are 4 KiB, `ld.so` maps by them and not by `p_align`: of that it only asks (glibc,
//! `_dl_map_object_from_fd`) that it is a multiple of the kernel's pages and that `p_offset` and
//! `p_vaddr` are congruent modulo it; since 2.35 it also aligns the load address to it. So a lower
//! `p_align` maps the same bytes at the same addresses, and compaction leaves smaller holes. A kernel
//! with larger pages refuses the file ("not page-aligned"; `qemu-aarch64 -p 65536` shows it).

use super::raw::{self, Header, Segment};
use super::sections::Sections;

/// Pages of Lambda's kernels, in bytes.
pub(super) const PAGE: u64 = 4096;

/// For which kernels a file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pages {
    /// Those it was linked for.
    AsLinked,
    /// Those with pages of 4 KiB only; on aarch64, where files are linked for more.
    Of4KiB,
}

/// The program headers with `p_align` of every `PT_LOAD` no more than a page. `None` where that
/// changes nothing, or where an alignment may be needed in memory: a section asks for more than a
/// page, or no section headers tell; or two segments lie in the same page.
pub(super) fn capped(
    header: &Header,
    segments: &[Segment],
    sections: &Sections<'_>,
) -> Option<Vec<Segment>> {
    let is_larger = |segment: &&Segment| segment.kind == raw::PT_LOAD && segment.align > PAGE;
    let applies = header.machine == raw::EM_AARCH64
        && segments.iter().any(|segment| is_larger(&segment))
        && sections.widest().is_some_and(|align| align <= PAGE)
        && pages_are_apart(segments);
    let cap = |segment: &Segment| match is_larger(&segment) {
        true => Segment { align: PAGE, ..segment.clone() },
        false => segment.clone(),
    };
    applies.then(|| segments.iter().map(cap).collect())
}

/// Whether no page of memory belongs to two `PT_LOAD`s, whose addresses ascend.
fn pages_are_apart(segments: &[Segment]) -> bool {
    let loads: Vec<&Segment> = segments.iter().filter(|s| s.kind == raw::PT_LOAD).collect();
    loads.windows(2).all(|pair| {
        let end = pair[0].vaddr.checked_add(pair[0].memsz);
        end.is_some_and(|end| end.div_ceil(PAGE) <= pair[1].vaddr / PAGE)
    })
}
