//! The package that is started: as it was, and what was made of it.

use std::fs;

use anyhow::{Context, Result};

use super::{
    Asked, BYTES_PER_SECOND, Coldstart, Measured, Own, Package, Variant, check, measure, zipped,
};
use crate::facts::Facts;
use crate::facts::owners::Owner;
use crate::failure::Failure;
use crate::measure::money::InitCost;
use crate::options::{Handler, Options, Proving};
use crate::pack::Packed;
use crate::plan::Plan;
use crate::plan::layers::{Place, zip_path};
use crate::proving::{Bench, unpacked};
use crate::runtime::find::Interpreter;
use crate::scan::Scanned;
use crate::tree::{Layout, PackageId};
use crate::verify::{Job, Unpacked, subject};

/// How many times as long the slowest run may take as the fastest before that is told.
const MOST_RATIO: f64 = 1.3;

/// One handler of one package, and where it is started.
pub struct Cold<'a> {
    /// Where packages run.
    pub bench: Bench<'a>,
    scanned: &'a Scanned,
    interpreter: Interpreter,
    package: PackageId,
    handler: Handler,
    raw: Unpacked,
    key: Vec<u8>,
}

impl<'a> Cold<'a> {
    /// Lays the package out as Lambda would unpack a zip of it, and starts it once. The bytecode that an
    /// installer left is stale there, as it is on Lambda: it tells the time of another file.
    ///
    /// # Errors
    /// A usage [`Failure`] where this machine cannot run it; one of its own kind where the handler cannot
    /// be imported.
    pub fn new(
        scanned: &'a Scanned,
        facts: &Facts,
        options: &Options,
        proving: &'a Proving,
    ) -> Result<Self> {
        let tree = &scanned.tree;
        let bench = Bench::new(options, proving, facts)?;
        let interpreter = bench.site.needed()?;
        let found = subject::handlers(tree, options).into_iter().next();
        let (package, handlers) = found.ok_or_else(|| {
            Failure::usage(
                "failed to measure a cold start: no module of the handler lies in the package",
            )
            .hint("name the function that Lambda calls: --handler MODULE.FUNCTION")
        })?;
        let lab = bench.site.lab(&interpreter);
        let [root, empty] =
            ["root", "empty"].map(|name| bench.site.folder().join("was").join(name));
        fs::create_dir_all(&empty).context("failed to create a folder for the package")?;
        lab.unpack(tree, scanned, package, &root)?;
        let raw = match tree.package(package).layout {
            Layout::Flat => Unpacked { task: root, layer: empty },
            Layout::Layer(_) => Unpacked { task: empty, layer: root },
        };
        check(&lab, &job(&bench, &handlers), &raw)?;
        let handler = handlers[0].clone();
        Ok(Self { bench, scanned, interpreter, package, handler, raw, key: Vec::new() })
    }

    /// The zips of the package, unpacked.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn unpacked(&mut self, name: &'static str, packed: &Packed) -> Result<Package> {
        let to = self.bench.site.folder().join(name);
        let lab = self.bench.site.lab(&self.interpreter);
        let folders = unpacked(&lab, packed, self.package, &to)?;
        for archive in &packed.archives {
            self.key.extend(archive.sha256);
        }
        let zipped = packed.archives.iter().map(|archive| archive.bytes).sum();
        Ok(Package { name, folders, zipped })
    }

    /// Starts them all, `runs` times each.
    ///
    /// # Errors
    /// As [`measure`].
    pub fn measured(
        &self,
        facts: &Facts,
        plan: &Plan,
        options: &Options,
        [slimmed, compiled]: [Package; 2],
        runs: usize,
    ) -> Result<Coldstart> {
        let handlers = std::slice::from_ref(&self.handler);
        let asked = Asked {
            lab: self.bench.site.lab(&self.interpreter),
            job: job(&self.bench, handlers),
            handler: self.handler.clone(),
            runs,
            own: self.own(facts, plan),
            key: self.key.clone(),
        };
        let raw =
            Package { name: "as-it-was", folders: self.raw.clone(), zipped: zipped(self.scanned)? };
        let Measured { variants, imports, together, raised } =
            measure(&asked, &[raw, slimmed, compiled])?;
        let warnings = unsteady(&variants).into_iter().collect();
        let inits = variants.iter().map(|variant| (variant.name, variant.init.median));
        let init_cost = InitCost::of(&options.billing, facts.target.arch, inits);
        Ok(Coldstart {
            schema_version: 1,
            handler: self.handler.to_string(),
            target: facts.target.to_string(),
            python: self.interpreter.version.clone(),
            isolation: self.bench.site.isolation.name(),
            level: options.level.name(),
            runs,
            events: self.bench.site.events.len(),
            download_bytes_per_second: BYTES_PER_SECOND,
            variants,
            init_cost,
            imports,
            together,
            raised,
            warnings,
        })
    }

    /// The user's own sources that ship.
    fn own(&self, facts: &Facts, plan: &Plan) -> Vec<Own> {
        let tree = &self.scanned.tree;
        let ids = tree.ids().filter(|id| {
            plan.ships(*id)
                && facts.owners.owner(*id) == Owner::User
                && tree.import_path(*id).is_some_and(|path| path.ends_with(".py"))
        });
        let own = ids.filter_map(|id| {
            let place = plan.placement.place(id);
            let in_task = match place {
                Place::Function(_) => true,
                Place::Layer => false,
                Place::SharedAlready => return None,
            };
            let path = zip_path(tree, facts, id, place).into();
            Some(Own { shown: tree.shown(id), path, in_task })
        });
        own.collect()
    }
}

fn job(bench: &Bench<'_>, handlers: &[Handler]) -> Job {
    Job { metadata: false, ..bench.site.job(handlers, Vec::new()) }
}

/// What to say of runs that differ much.
fn unsteady(variants: &[Variant]) -> Option<String> {
    let differ = |variant: &Variant| variant.init.max / variant.init.min.max(0.001);
    let most = variants.iter().map(differ).fold(1.0, f64::max);
    (most > MOST_RATIO).then(|| {
        format!(
            "runs of the same package differ by {:.0}%: something else keeps this machine busy, and \
             small figures say little",
            (most - 1.0) * 100.0
        )
    })
}
