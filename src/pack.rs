//! Writes the same zips every time.
//!
//! Files are deflated largest first and written in that order; each zip's central directory is in the
//! order of names. Everything is made in a folder of its own beside the results and moved into place
//! at the end.

mod deflated;
pub mod folders;
mod giants;
pub mod licenses;
mod moves;
pub mod parts;
mod same;
pub mod staging;
mod zips;

use anyhow::Result;

use crate::digest::Digest;
use crate::facts::Facts;
use crate::failure::Failure;
use crate::options::Options;
use crate::plan::Plan;
use crate::plan::layers::{self, Place};
use crate::progress::Progress;
use crate::transform::{Doubt, Kernels};
use crate::tree::{Contents, FileId, Kind, PackageId, Tree};
use deflated::Deflated;
use staging::Staging;
use zips::Zips;

/// What a zip is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The code of the function made of this package.
    Function(PackageId),
    /// A layer, by its number.
    Layer(u16),
}

/// One zip as it was written.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Its file name in the output folder.
    pub file: String,
    /// What it is for.
    pub role: Role,
    /// Its size in bytes.
    pub bytes: u64,
    /// Bytes of its entries unzipped.
    pub unzipped_bytes: u64,
    /// How many entries it has.
    pub entries: u64,
    /// SHA-256 of the zip.
    pub sha256: [u8; 32],
    /// BLAKE3 of the zip, which is sooner worked out again.
    pub blake3: Digest,
    /// Whether it has so many entries that the end record is a zip64 one.
    pub zip64: bool,
}

impl Archive {
    /// What is known of it, to be [read](Self::read) by a later build.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn noted(&self) -> Result<Vec<u8>> {
        let sizes = (self.bytes, self.unzipped_bytes, self.entries, self.zip64);
        Ok(postcard::to_stdvec(&(sizes, self.sha256, self.blake3))?)
    }

    /// What was [noted](Self::noted) of one, which now has this name and is for this.
    pub fn read(noted: &[u8], file: &str, role: Role) -> Option<Self> {
        type Sizes = (u64, u64, u64, bool);
        let (sizes, sha256, blake3): (Sizes, _, _) = postcard::from_bytes(noted).ok()?;
        let (bytes, unzipped_bytes, entries, zip64) = sizes;
        let file = file.to_owned();
        Some(Self { file, role, bytes, unzipped_bytes, entries, sha256, blake3, zip64 })
    }
}

/// What became of one entry of a zip.
#[derive(Clone, Debug)]
pub struct Shipped {
    /// The file it was made of; None for a file that slim writes itself.
    pub file: Option<FileId>,
    /// The index of the generated file; None for a file of a package.
    pub generated: Option<usize>,
    /// Which zip it is in.
    pub role: Role,
    /// Its name there.
    pub name: String,
    /// Bytes that ship.
    pub bytes: u64,
    /// Their CRC-32.
    pub crc32: u32,
    /// Bytes it takes in the zip, headers not counted.
    pub packed_bytes: u64,
    /// Why it was not made smaller, where that is a doubt.
    pub doubt: Option<Doubt>,
    /// How many bytes fewer it has because it is for pages of 4 KiB only.
    pub by_pages: u64,
    /// What was overwritten of it.
    pub kernels: Kernels,
}

/// All zips, complete but not yet in place.
pub struct Packed {
    /// The zips, functions first.
    pub archives: Vec<Archive>,
    /// Every entry.
    pub shipped: Vec<Shipped>,
    /// Where the zips lie until they are moved.
    pub staging: Staging,
}

/// One entry to be made.
struct Job {
    role: Role,
    name: String,
    source: Source,
    size: u64,
    mode: u32,
}

#[derive(Clone, Copy)]
enum Source {
    File(FileId),
    Generated(usize),
    EmptyFolder(FileId),
}

/// The file name of a function's zip: `function.zip` for one package, its own name for several.
///
/// # Errors
/// A usage [`Failure`] when two packages would get the same name, or one the layer's.
pub fn function_names(tree: &Tree) -> Result<Vec<String>> {
    let packages: Vec<_> = tree.packages().map(|(_, package)| package).collect();
    if packages.len() == 1 {
        return Ok(vec!["function.zip".to_owned()]);
    }
    let mut names: Vec<String> = Vec::new();
    for package in packages {
        let name = format!("{}.zip", package.name);
        if names.contains(&name) {
            return Err(Failure::usage(format!(
                "failed to name the outputs: two packages are called {}",
                package.name
            ))
            .hint("each function's zip is named after its folder: rename one")
            .into());
        }
        if package.name.starts_with("layer") {
            return Err(Failure::usage(format!(
                "failed to name the outputs: {name} could be mistaken for a layer"
            ))
            .hint("rename the folder: names that begin with layer are the layers'")
            .into());
        }
        names.push(name);
    }
    Ok(names)
}

/// Makes every zip.
///
/// # Errors
/// When a file cannot be read or changed since the scan, or an output cannot be written.
pub fn pack(
    tree: &Tree,
    contents: &dyn Contents,
    facts: &Facts,
    plan: &Plan,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Packed> {
    let names = function_names(tree)?;
    let staging = Staging::new(options)?;
    let mut jobs = jobs(tree, facts, plan);
    jobs.sort_by(|a, b| {
        b.size.cmp(&a.size).then_with(|| (a.role, &a.name).cmp(&(b.role, &b.name)))
    });
    let file = |role| match role {
        Role::Function(package) => names[usize::from(package.0)].clone(),
        Role::Layer(_) => "layer.zip".to_owned(),
    };
    let zips = Zips::create(contents, &jobs, file, &staging, options)?;
    let made = deflated::deflate(contents, plan, options, &jobs, &zips, progress)?;
    let archives = zips.finish()?;
    let shipped = jobs.into_iter().zip(made).map(|(job, made)| shipped(job, made)).collect();
    Ok(Packed { archives, shipped, staging })
}

fn shipped(job: Job, deflated: Deflated) -> Shipped {
    let (file, generated) = match job.source {
        Source::File(id) | Source::EmptyFolder(id) => (Some(id), None),
        Source::Generated(number) => (None, Some(number)),
    };
    Shipped {
        file,
        generated,
        role: job.role,
        name: job.name,
        bytes: deflated.raw_size,
        crc32: deflated.crc32,
        packed_bytes: deflated.packed_size,
        doubt: deflated.doubt,
        by_pages: deflated.by_pages,
        kernels: deflated.kernels,
    }
}

fn role(place: Place) -> Option<Role> {
    match place {
        Place::Function(package) => Some(Role::Function(package)),
        Place::Layer => Some(Role::Layer(0)),
        Place::SharedAlready => None,
    }
}

fn jobs(tree: &Tree, facts: &Facts, plan: &Plan) -> Vec<Job> {
    let files = tree.files().filter(|(id, _)| plan.ships(*id)).filter_map(|(id, file)| {
        let place = plan.placement.place(id);
        let compiled = plan.compiled.get(&id);
        let name = layers::zip_path(tree, facts, id, place);
        let source = match file.kind {
            Kind::Regular => Source::File(id),
            Kind::EmptyFolder => Source::EmptyFolder(id),
        };
        Some(Job {
            role: role(place)?,
            // PEP 3147: bytecode without a source stands where that would.
            name: if compiled.is_some() { name + "c" } else { name },
            source,
            size: compiled.map_or(file.size, |bytes| bytes.len() as u64),
            mode: if file.executable { 0o755 } else { 0o644 },
        })
    });
    let generated = plan.generated.iter().enumerate().filter_map(|(number, file)| {
        let (place, name) = layers::of_generated(tree, facts, &plan.placement, file);
        Some(Job {
            role: role(place)?,
            name,
            source: Source::Generated(number),
            size: file.bytes.len() as u64,
            mode: 0o644,
        })
    });
    files.chain(generated).collect()
}
