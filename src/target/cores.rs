//! The processors that Lambda's machines never look like to OpenBLAS.
//!
//! x86_64 functions run where there is AVX2: Lambda's Developer Guide, "Using AVX2 vectorization in Lambda"
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-avx2.html>), has code compiled with
//! `-march=haswell`. arm64 functions run on Graviton2 (Neoverse N1) or newer: "Lambda instruction set
//! architectures" (<https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html>).
//!
//! How OpenBLAS chooses is read in its `driver/others/dynamic.c` and `dynamic_arm64.c`: by vendor, family and
//! model first, and what it does not know depends on its version. A processor with AVX2 may be one that
//! an old version does not know, so what such a version falls back to is not listed for it:
//!
//! - up to 0.3.12, AVX2 is looked for in the wrong bit (SMEP's; its pull request 2960) and Sandybridge may
//!   be chosen: nothing is known to be never chosen;
//! - up to 0.3.18 an unknown processor gets Prescott (3485), up to 0.3.20 an unknown one of AMD's
//!   Barcelona (3628; 0.3.15 was seen to take a Zen 5 for one), up to 0.3.24 some of Intel's Prescott (4268);
//! - from 0.3.25 on what has AVX2 gets Haswell or better. Nehalem, Sandybridge and Prescott remain for what
//!   has no AVX2 and no AVX.
//!
//! Excavator has AVX2 and is not listed. In a build without AVX2 the older tables stand in for Haswell's
//! (`NO_AVX2`, `DYNAMIC_LIST`), and Nehalem for Barcelona: so these must be there. On arm64 an unknown
//! processor gets ARMV8 or, with SVE, ARMV8SVE, and what was left out of a build is ARMV8 too.

use super::Arch;

/// What is known of a library from a version on, up to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cores {
    /// The first version of which it is true.
    pub since: (u32, u32, u32),
    /// The cores that are never chosen on Lambda, by the names that OpenBLAS has for them, sorted.
    pub never: &'static [&'static str],
    /// The cores that must be in the library for that.
    pub given: &'static [&'static str],
}

/// What is known of OpenBLAS on this architecture, the oldest version first.
pub fn of(arch: Arch) -> &'static [Cores] {
    match arch {
        Arch::X86_64 => X86_64,
        Arch::Arm64 => ARM64,
    }
}

const X86_64: &[Cores] = &[
    Cores {
        since: (0, 3, 13),
        never: &[
            "ATOM",
            "BOBCAT",
            "BULLDOZER",
            "CORE2",
            "DUNNINGTON",
            "NANO",
            "NEHALEM",
            "OPTERON",
            "OPTERON_SSE3",
            "PENRYN",
            "PILEDRIVER",
            "SANDYBRIDGE",
            "STEAMROLLER",
        ],
        given: &["HASWELL", "BARCELONA"],
    },
    Cores {
        since: (0, 3, 21),
        never: &[
            "ATOM",
            "BARCELONA",
            "BOBCAT",
            "BULLDOZER",
            "CORE2",
            "DUNNINGTON",
            "NANO",
            "NEHALEM",
            "OPTERON",
            "OPTERON_SSE3",
            "PENRYN",
            "PILEDRIVER",
            "SANDYBRIDGE",
            "STEAMROLLER",
        ],
        given: &["HASWELL"],
    },
    Cores {
        since: (0, 3, 25),
        never: &[
            "ATOM",
            "BARCELONA",
            "BOBCAT",
            "BULLDOZER",
            "CORE2",
            "DUNNINGTON",
            "NANO",
            "NEHALEM",
            "OPTERON",
            "OPTERON_SSE3",
            "PENRYN",
            "PILEDRIVER",
            "PRESCOTT",
            "SANDYBRIDGE",
            "STEAMROLLER",
        ],
        given: &["HASWELL"],
    },
];

const ARM64: &[Cores] = &[Cores {
    since: (0, 3, 13),
    never: &[
        "A64FX",
        "CORTEXA53",
        "CORTEXA55",
        "CORTEXA57",
        "CORTEXA72",
        "CORTEXA73",
        "EMAG8180",
        "FALKOR",
        "THUNDERX",
        "THUNDERX2T99",
        "THUNDERX3T110",
        "TSV110",
    ],
    given: &["ARMV8"],
}];

#[cfg(test)]
mod tests {
    use super::*;

    /// What a machine of Lambda's may be taken for, by some version.
    const CHOSEN: [&str; 13] = [
        "ARMV8",
        "ARMV8SVE",
        "ARMV9SME",
        "COOPERLAKE",
        "EXCAVATOR",
        "HASWELL",
        "NEOVERSEN1",
        "NEOVERSEN2",
        "NEOVERSEV1",
        "NEOVERSEV2",
        "SAPPHIRERAPIDS",
        "SKYLAKEX",
        "ZEN",
    ];

    #[test]
    fn what_may_be_chosen_is_never_listed() {
        for cores in [X86_64, ARM64].concat() {
            assert!(cores.never.is_sorted() && !cores.given.is_empty(), "{cores:?}");
            let listed = |core: &&str| cores.never.contains(core);
            assert!(!CHOSEN.iter().chain(cores.given).any(listed), "{cores:?}");
        }
    }

    #[test]
    fn versions_ascend_and_older_ones_know_less() {
        for known in [X86_64, ARM64] {
            assert!(known.is_sorted_by_key(|cores| cores.since));
            let is_kept = |pair: &[Cores]| pair[0].never.iter().all(|c| pair[1].never.contains(c));
            assert!(known.windows(2).all(is_kept));
        }
        // What a version falls back to for a processor that it does not know.
        let kept = |core: &str| X86_64.iter().filter(|cores| !cores.never.contains(&core)).count();
        assert_eq!(["BARCELONA", "PRESCOTT", "SANDYBRIDGE"].map(kept), [1, 2, 0]);
    }
}
