//! Which distribution brought which file.
//!
//! RECORD tells (PyPA "Recording installed projects"); a distribution without one claims what its
//! `top_level.txt` or `installed-files.txt` names. What nobody claims is the user's code.

mod claims;

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::python::{dist, metadata, record};
use crate::tree::{Contents, FileId, FileMap, PackageId, Tree, parent};

/// The files that are parsed of a distribution's metadata, and the most bytes of each: many times what the
/// largest distributions have.
const MOST_BYTES: [(&str, u64); 7] = [
    ("METADATA", 16 << 20),
    ("PKG-INFO", 16 << 20),
    ("RECORD", 64 << 20),
    ("installed-files.txt", 64 << 20),
    ("top_level.txt", 1 << 20),
    ("entry_points.txt", 1 << 20),
    ("direct_url.json", 1 << 20),
];

/// A distribution of one package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DistId(pub u32);

/// An installed distribution, as its metadata folder tells.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// The package that holds it.
    pub package: PackageId,
    /// Its name as METADATA (or the folder) writes it.
    pub name: String,
    /// Its version; empty where nothing tells.
    pub version: String,
    /// The import path of its `.dist-info` or `.egg-info`.
    pub info: String,
    /// Its RECORD.
    pub record: Option<FileId>,
    /// The paths that RECORD lists, as written there.
    pub recorded: Vec<String>,
    /// Its METADATA or PKG-INFO.
    pub metadata: metadata::Metadata,
}

impl Distribution {
    /// The name in the form that compares (PEP 503).
    pub fn normalized(&self) -> String {
        dist::normalize(&self.name)
    }
}

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The user's code.
    User,
    /// A distribution brought it.
    Distribution(DistId),
    /// Nobody lists it, but it lies in a regular package of this distribution: it travels with
    /// the package and is treated as the user's.
    Guest(DistId),
}

impl Owner {
    /// The distribution that the file travels with.
    pub fn travels_with(self) -> Option<DistId> {
        match self {
            Self::User => None,
            Self::Distribution(id) | Self::Guest(id) => Some(id),
        }
    }
}

/// The distributions and what each brought.
#[derive(Debug)]
pub struct Owners {
    distributions: Vec<Distribution>,
    by_file: FileMap<Owner>,
    hashes: FileMap<Option<[u8; 32]>>,
    /// What is odd about the metadata, a sentence each.
    pub warnings: Vec<String>,
}

impl Owners {
    /// Reads every metadata folder and gives every file an owner.
    ///
    /// # Errors
    /// When a file of a metadata folder cannot be read.
    pub fn gather(tree: &Tree, contents: &dyn Contents) -> Result<Self> {
        let mut owners = Self {
            distributions: Vec::new(),
            by_file: FileMap::filled(tree, Owner::User),
            hashes: FileMap::filled(tree, None),
            warnings: Vec::new(),
        };
        for (package, _) in tree.packages() {
            owners.gather_package(tree, contents, package)?;
        }
        Ok(owners)
    }

    /// Every distribution with its id, in the order of package and metadata folder.
    pub fn distributions(&self) -> impl Iterator<Item = (DistId, &Distribution)> {
        self.distributions.iter().enumerate().map(|(index, dist)| (DistId(index as u32), dist))
    }

    /// One distribution.
    pub fn distribution(&self, id: DistId) -> &Distribution {
        &self.distributions[id.0 as usize]
    }

    /// Whose a file is.
    pub fn owner(&self, file: FileId) -> Owner {
        self.by_file[file]
    }

    /// The distribution that brought a file; None for the user's and for guests.
    pub fn brought_by(&self, file: FileId) -> Option<DistId> {
        match self.by_file[file] {
            Owner::Distribution(id) => Some(id),
            Owner::User | Owner::Guest(_) => None,
        }
    }

    /// The SHA-256 that RECORD gives for a file.
    pub fn recorded_hash(&self, file: FileId) -> Option<&[u8; 32]> {
        self.hashes[file].as_ref()
    }

    /// The metadata folder that a file lies in, with the path below it.
    pub fn in_metadata<'a>(&self, tree: &'a Tree, file: FileId) -> Option<(DistId, &'a str)> {
        let id = self.brought_by(file)?;
        let below = tree.import_path(file)?.strip_prefix(self.distribution(id).info.as_str())?;
        below.strip_prefix('/').map(|rest| (id, rest))
    }

    fn gather_package(
        &mut self,
        tree: &Tree,
        contents: &dyn Contents,
        package: PackageId,
    ) -> Result<()> {
        let first = self.distributions.len();
        let files: Vec<FileId> =
            tree.ids().filter(|id| tree.file(*id).package == package).collect();
        for (info, members) in metadata_folders(tree, &files) {
            self.read_distribution(tree, contents, package, &info, &members)?;
        }
        self.warn_of_twins(first);
        for index in first..self.distributions.len() {
            self.claim_recorded(tree, contents, DistId(index as u32))?;
        }
        for index in first..self.distributions.len() {
            self.claim_unrecorded(tree, contents, DistId(index as u32), &files)?;
        }
        self.claim_bytecode_and_guests(tree, package, &files);
        Ok(())
    }

    fn read_distribution(
        &mut self,
        tree: &Tree,
        contents: &dyn Contents,
        package: PackageId,
        info: &str,
        members: &[FileId],
    ) -> Result<()> {
        let id = DistId(self.distributions.len() as u32);
        members.iter().try_for_each(|file| refuse_bloated(tree, info, *file))?;
        let named = |name: &str| {
            let path = format!("{info}/{name}");
            members.iter().copied().find(|file| tree.import_path(*file) == Some(path.as_str()))
        };
        let headers = match named("METADATA").or_else(|| named("PKG-INFO")) {
            Some(file) => metadata::parse(&contents.read(file)?),
            None => metadata::Metadata::default(),
        };
        let (name, version) =
            dist::dist_info_name(info).unwrap_or_else(|| (stem(info), String::new()));
        let record = named("RECORD");
        self.distributions.push(Distribution {
            package,
            name: headers.name.clone().unwrap_or(name),
            version: headers.version.clone().unwrap_or(version),
            info: info.to_owned(),
            record,
            recorded: Vec::new(),
            metadata: headers,
        });
        for file in members {
            self.by_file[*file] = Owner::Distribution(id);
        }
        if let Some(file) = named("direct_url.json") {
            self.warn_if_editable(&contents.read(file)?, id);
        }
        Ok(())
    }

    fn warn_if_editable(&mut self, direct_url: &[u8], id: DistId) {
        let value: serde_json::Value = serde_json::from_slice(direct_url).unwrap_or_default();
        if value["dir_info"]["editable"] == true {
            let name = &self.distribution(id).name;
            self.warnings.push(format!(
                "{name} is installed editable: its code lies outside the package and will not be on Lambda"
            ));
        }
    }

    fn warn_of_twins(&mut self, first: usize) {
        let mut infos: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for dist in &self.distributions[first..] {
            infos.entry(dist.normalized()).or_default().push(&dist.info);
        }
        let twins = infos.values().filter(|infos| infos.len() > 1);
        let warnings: Vec<String> = twins
            .map(|infos| {
                format!(
                    "{} describe one distribution: reinstall into an empty folder",
                    infos.join(" and ")
                )
            })
            .collect();
        self.warnings.extend(warnings);
    }

    fn claim_recorded(&mut self, tree: &Tree, contents: &dyn Contents, id: DistId) -> Result<()> {
        let Some(file) = self.distribution(id).record else { return Ok(()) };
        let rows = record::parse(&contents.read(file)?);
        let mut missing = 0;
        let mut outside = Vec::new();
        for row in &rows {
            match claims::installed_path(&row.path) {
                claims::Installed::At(path) => match self.find_recorded(tree, id, &path) {
                    Some(file) => self.claim(tree, id, file, row.sha256),
                    None => missing += usize::from(!path.ends_with(".pyc")),
                },
                claims::Installed::Outside => outside.push(row.path.as_str()),
            }
        }
        if let Some(first) = outside.first() {
            let info = &self.distribution(id).info;
            let more = match outside.len() {
                1 => String::new(),
                many => format!(" (and {} more)", many - 1),
            };
            self.warnings.push(format!(
                "{info}/RECORD names {first}{more}, which is outside the package: ignored"
            ));
        }
        if missing > 0 {
            let info = &self.distribution(id).info;
            let files = if missing == 1 {
                "1 file that is".to_owned()
            } else {
                format!("{missing} files that are")
            };
            self.warnings.push(format!("{info}/RECORD names {files} not in the package"));
        }
        self.distributions[id.0 as usize].recorded = rows.into_iter().map(|row| row.path).collect();
        Ok(())
    }

    fn find_recorded(&self, tree: &Tree, id: DistId, path: &str) -> Option<FileId> {
        let package = self.distribution(id).package;
        tree.find_import(package, path).or_else(|| tree.find(package, &format!("python/{path}")))
    }

    fn claim(&mut self, tree: &Tree, id: DistId, file: FileId, sha256: Option<[u8; 32]>) {
        match self.by_file[file] {
            Owner::User | Owner::Guest(_) => {
                self.by_file[file] = Owner::Distribution(id);
                self.hashes[file] = sha256;
            }
            Owner::Distribution(other) if other == id => self.hashes[file] = sha256,
            Owner::Distribution(other) => {
                let path = tree.shown(file);
                let (first, second) = (&self.distribution(other).name, &self.distribution(id).name);
                if first != second {
                    self.warnings.push(format!(
                        "{path} is claimed by {first} and by {second}: counted as {first}'s"
                    ));
                }
            }
        }
    }
}

/// The metadata folders (or `.egg-info` files) at the import root, with the files in each.
fn metadata_folders(tree: &Tree, files: &[FileId]) -> BTreeMap<String, Vec<FileId>> {
    let mut folders: BTreeMap<String, Vec<FileId>> = BTreeMap::new();
    for file in files {
        let Some(path) = tree.import_path(*file) else { continue };
        let top = path.split('/').next().unwrap_or(path);
        if top.ends_with(".dist-info") && top != path || top.ends_with(".egg-info") {
            folders.entry(top.to_owned()).or_default().push(*file);
        }
    }
    folders
}

fn stem(info: &str) -> String {
    info.trim_end_matches(".dist-info").trim_end_matches(".egg-info").to_owned()
}

/// The folders that hold one of these files, and all folders above them.
pub(crate) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(parent(path)), |folder| {
        if folder.is_empty() { None } else { Some(parent(folder)) }
    })
    .filter(|folder| !folder.is_empty())
}

/// Refuses metadata that no installer writes, before it is read: what is parsed takes many times its bytes.
fn refuse_bloated(tree: &Tree, info: &str, file: FileId) -> Result<()> {
    let path = tree.import_path(file).unwrap_or_default();
    let name = path.strip_prefix(info).unwrap_or_default().trim_start_matches('/');
    let Some((_, most)) = MOST_BYTES.iter().find(|(known, _)| *known == name) else {
        return Ok(());
    };
    let bytes = tree.file(file).size;
    if bytes <= *most {
        return Ok(());
    }
    let message = format!("failed to read {path}: it has {bytes} bytes, no {name} has over {most}");
    Err(Failure::io(message).hint("install the distribution anew").into())
}
