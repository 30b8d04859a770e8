//! What one place asks for: the command line, the environment, a table of the configuration.
//!
//! A place is laid over another with [`Settings::over`]; when all are, [`Settings::options`] fills in
//! the defaults.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Bytecode, Glob, Growth, Handler, LayerPolicy, Level, Options, Proving};
use crate::fact::Known;
use crate::target::{Arch, Python};
use crate::zip::deflate::Compression;

/// What one place asks for; None, or nothing in a list that adds up, where it is silent.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where the results go.
    pub out_dir: Option<PathBuf>,
    /// The target's Python.
    pub python: Option<Python>,
    /// The target's processor.
    pub arch: Option<Arch>,
    /// How much evidence is enough.
    pub level: Option<Level>,
    /// The functions that Lambda calls.
    pub handlers: Option<Vec<Handler>>,
    /// Files with events.
    pub events: Option<Vec<PathBuf>>,
    /// What goes into the layer.
    pub layer: Option<LayerPolicy>,
    /// Globs of what must stay; they add up.
    pub keep: Vec<Arc<Glob>>,
    /// Globs of what must go; they add up.
    pub drop: Vec<Arc<Glob>>,
    /// The rules that propose nothing; they add up.
    pub rules_off: BTreeSet<String>,
    /// What is known of distributions; it adds up.
    pub facts: Vec<Arc<Known>>,
    /// Files that `slim trace` wrote.
    pub traces: Option<Vec<PathBuf>>,
    /// Whether the target's kernel is known to use pages of 4 KiB.
    pub small_pages: Option<bool>,
    /// Whether compiled Python ships.
    pub bytecode: Option<Bytecode>,
    /// The Python that runs and compiles.
    pub python_bin: Option<PathBuf>,
    /// How hard to compress.
    pub compression: Option<Compression>,
    /// Most unzipped bytes of a function and its layers.
    pub max_unzipped: Option<u64>,
    /// Most zipped bytes of a function and its layers.
    pub max_zipped: Option<u64>,
    /// How much more than in the baseline a function and its layers may take.
    pub max_growth: Option<Growth>,
    /// Whether distributions that Lambda's runtime has are left out.
    pub exclude_runtime: Option<bool>,
    /// Whether the result is proven.
    pub verify: Option<bool>,
    /// Variables of the function's environment; they add up, by name.
    pub environment: Vec<(String, String)>,
}

impl Settings {
    /// What both ask for; where they differ, what this one does.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        Self {
            out_dir: self.out_dir.or(under.out_dir),
            python: self.python.or(under.python),
            arch: self.arch.or(under.arch),
            level: self.level.or(under.level),
            handlers: self.handlers.or(under.handlers),
            events: self.events.or(under.events),
            layer: self.layer.or(under.layer),
            // Of two globs for a file the last is the one told.
            keep: [under.keep, self.keep].concat(),
            drop: [under.drop, self.drop].concat(),
            rules_off: &self.rules_off | &under.rules_off,
            facts: [under.facts, self.facts].concat(),
            traces: self.traces.or(under.traces),
            small_pages: self.small_pages.or(under.small_pages),
            bytecode: self.bytecode.or(under.bytecode),
            python_bin: self.python_bin.or(under.python_bin),
            compression: self.compression.or(under.compression),
            max_unzipped: self.max_unzipped.or(under.max_unzipped),
            max_zipped: self.max_zipped.or(under.max_zipped),
            max_growth: self.max_growth.or(under.max_growth),
            exclude_runtime: self.exclude_runtime.or(under.exclude_runtime),
            verify: self.verify.or(under.verify),
            environment: environment(under.environment, self.environment),
        }
    }

    /// What a build of these packages is asked for, proofs aside; a trace counts at level max alone.
    pub fn options(self, packages: Vec<PathBuf>) -> Options {
        let default = Options::of(packages);
        let level = self.level.unwrap_or(default.level);
        Options {
            out_dir: self.out_dir.unwrap_or(default.out_dir),
            python: self.python,
            arch: self.arch,
            level,
            handlers: self.handlers.unwrap_or_default(),
            layer: self.layer.unwrap_or(default.layer),
            keep: self.keep,
            drop: self.drop,
            rules_off: self.rules_off,
            facts: self.facts,
            traces: self.traces.filter(|_| level == Level::Max).unwrap_or_default(),
            small_pages: self.small_pages.unwrap_or(default.small_pages),
            bytecode: self.bytecode.unwrap_or(default.bytecode),
            python_bin: self.python_bin,
            compression: self.compression.unwrap_or(default.compression),
            max_unzipped: self.max_unzipped,
            max_zipped: self.max_zipped,
            max_growth: self.max_growth,
            exclude_runtime: self.exclude_runtime.unwrap_or(default.exclude_runtime),
            ..default
        }
    }

    /// How it is run, where the rest of how is `rest`'s.
    pub fn proving(&self, rest: Proving) -> Proving {
        Proving {
            events: self.events.clone().unwrap_or_default(),
            python_bin: self.python_bin.clone(),
            environment: self.environment.clone(),
            asked: self.asked(),
            ..rest
        }
    }

    /// Whether a build is proven: as was said; else where there is an event, and at level max.
    pub fn proven(&self) -> bool {
        self.verify.unwrap_or(self.asked() || self.level == Some(Level::Max))
    }

    /// Whether a proof was asked for, and not only wanted by the level.
    fn asked(&self) -> bool {
        self.verify.unwrap_or(self.events.as_ref().is_some_and(|events| !events.is_empty()))
    }
}

/// Variables, of which a later one of the same name counts.
fn environment(
    mut all: Vec<(String, String)>,
    over: Vec<(String, String)>,
) -> Vec<(String, String)> {
    all.retain(|(name, _)| over.iter().all(|(other, _)| other != name));
    all.extend(over);
    all
}
