//! From the file as it is written to what it asks for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;

use super::form::{Common, Form, Function, GlobText, PageSize};
use super::{Cache, found, refused};
use crate::fact::Known;
use crate::failure::{Failure, nearest};
use crate::options::Glob;
use crate::options::settings::Settings;

/// What a file asks for.
pub(super) struct Read {
    pub top: Settings,
    pub functions: Vec<FunctionTable>,
    pub pure_across_targets: Option<bool>,
    pub cache: Cache,
}

/// A table `[[function]]`.
#[derive(Clone, Debug)]
pub(super) struct FunctionTable {
    pub name: String,
    pub path: PathBuf,
    pub requirements: Option<PathBuf>,
    pub settings: Settings,
    /// File and line of each path.
    at: [String; 2],
}

impl FunctionTable {
    /// Refuses a function whose package is not there.
    pub fn must_be_there(&self) -> Result<(), Failure> {
        let [path, requirements] = &self.at;
        let paths = [
            (Some(&self.path), path, "path"),
            (self.requirements.as_ref(), requirements, "requirements"),
        ];
        for (found, at, key) in paths {
            let Some(missing) = found.filter(|path| !path.exists()) else { continue };
            return Err(Failure::usage(format!(
                "failed to find {key} of function {}: there is no {}",
                self.name,
                missing.display()
            ))
            .hint(format!("{at} names it, relative to the folder of that file")));
        }
        Ok(())
    }
}

/// The file that is read.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub file: &'a str,
    pub text: &'a str,
    pub root: &'a Path,
}

impl Place<'_> {
    /// What the file asks for.
    pub fn read(self, mut form: Form, rules: &[&str]) -> Result<Read, Failure> {
        let common = form.common();
        let mut top = Settings {
            out_dir: form.out_dir.map(|path| found::below(self.root, &path)),
            compression: form.compression.map(Into::into),
            python_bin: form.python_bin.map(|path| found::program(self.root, &path)),
            max_growth: form.max_growth.map(|share| share.0),
            layer: form.layer.policy.map(Into::into),
            ..self.settings(common, "")?
        };
        for (name, dist) in form.dist {
            top.keep.extend(self.globs(Some(&name), dist.keep));
            top.drop.extend(self.globs(Some(&name), dist.drop));
        }
        for rule in form.rules.off {
            if !rules.contains(&rule.as_ref().as_str()) {
                return Err(self.no_rule(&rule, rules));
            }
            top.rules_off.insert(rule.into_inner());
        }
        for (name, known) in form.facts {
            top.facts.push(self.known(name, known)?);
        }
        let cache = Cache {
            dir: form.cache.dir.map(|path| found::below(self.root, &path)),
            max_size: form.cache.max_size.map(|size| size.0),
            store: form.cache.store,
            read_only: form.cache.read_only.unwrap_or(false),
            off: false,
        };
        let functions = self.functions(form.function)?;
        Ok(Read { top, functions, pure_across_targets: form.layer.pure_across_targets, cache })
    }

    fn known(self, name: Spanned<String>, known: Known) -> Result<Arc<Known>, Failure> {
        if !known.distribution.is_empty() && known.distribution != *name.as_ref() {
            let what =
                format!("facts.{}: its distribution is {}", name.as_ref(), known.distribution);
            return Err(self
                .at(name.span().start, &what)
                .hint("leave the key distribution out: the table's name says it"));
        }
        let (distribution, file) = (name.into_inner(), Some(self.file.to_owned()));
        Ok(Arc::new(Known { distribution, file, ..known }))
    }

    /// What the keys say that the top and the functions have in common; `table` stands before the key.
    fn settings(self, common: Common, table: &str) -> Result<Settings, Failure> {
        let paths = |paths: Vec<PathBuf>| -> Vec<PathBuf> {
            paths.iter().map(|path| found::below(self.root, path)).collect()
        };
        let handlers = match (common.handler, common.handlers) {
            (Some(one), Some(_)) => {
                let what = format!("{table}handler: handlers stands there too");
                return Err(self.at(one.span().start, &what).hint("write all of them in handlers"));
            }
            (Some(one), None) => Some(vec![one.into_inner().0]),
            (None, many) => many.map(|many| many.into_iter().map(|handler| handler.0).collect()),
        };
        Ok(Settings {
            python: common.python.map(|python| python.0),
            arch: common.arch.map(|arch| arch.0),
            level: common.level.map(Into::into),
            handlers,
            events: common.events.map(paths),
            environment: common.env.into_iter().collect(),
            keep: self.globs(None, common.keep),
            drop: self.globs(None, common.drop),
            bytecode: common.bytecode.map(Into::into),
            verify: common.verify,
            max_unzipped: common.max_unzipped.map(|size| size.0),
            max_zipped: common.max_zipped.map(|size| size.0),
            small_pages: common.page_size.map(|PageSize::Of4KiB| true),
            exclude_runtime: common.exclude_runtime,
            traces: common.trace.map(paths),
            ..Settings::default()
        })
    }

    fn functions(self, tables: Vec<Spanned<Function>>) -> Result<Vec<FunctionTable>, Failure> {
        let mut functions: Vec<(FunctionTable, usize)> = Vec::new();
        for table in tables {
            let start = table.span().start;
            let (function, at) = self.function(table.into_inner(), start)?;
            let same = |(other, _): &&(FunctionTable, usize)| {
                other.name.eq_ignore_ascii_case(&function.name)
            };
            if let Some((other, first)) = functions.iter().find(same) {
                let what = format!("function.name: `{}` is taken", function.name);
                return Err(self.at(at, &what).hint(format!(
                    "line {} has `{}`; each function's zip has its name: rename one",
                    refused::line(self.text.as_bytes(), *first),
                    other.name
                )));
            }
            functions.push((function, at));
        }
        Ok(functions.into_iter().map(|(function, _)| function).collect())
    }

    /// A function, and where its name stands.
    fn function(
        self,
        mut table: Function,
        start: usize,
    ) -> Result<(FunctionTable, usize), Failure> {
        let common = table.common();
        let missing = |key: &str| {
            self.at(start, &format!("function: missing key `{key}`")).hint(
                "a function is such as [[function]] with name = \"api\" and path = \"build/api\"",
            )
        };
        let name = table.name.ok_or_else(|| missing("name"))?;
        let path = table.path.ok_or_else(|| missing("path"))?;
        let named = name.span().start;
        self.must_be_a_name(name.as_ref(), named)?;
        let settings = self.settings(common, "function.")?;
        let at = |byte: usize| {
            format!("line {} of {}", refused::line(self.text.as_bytes(), byte), self.file)
        };
        let lines = [
            at(path.span().start),
            at(table.requirements.as_ref().map_or(0, |path| path.span().start)),
        ];
        let function = FunctionTable {
            name: name.into_inner(),
            path: found::below(self.root, path.as_ref()),
            requirements: table.requirements.map(|path| found::below(self.root, path.as_ref())),
            settings,
            at: lines,
        };
        Ok((function, named))
    }

    /// A function's name is that of its zip beside layer.zip.
    fn must_be_a_name(self, name: &str, at: usize) -> Result<(), Failure> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty()
            || name.len() > 128
            || name.starts_with(['.', '-'])
            || !name.chars().all(fits)
        {
            return Err(self.at(at, &format!("function.name: `{name}` is no name of a zip")).hint(
                "letters, digits, - and _ are wanted, such as the function's name in Lambda",
            ));
        }
        if name.to_ascii_lowercase().starts_with("layer") {
            let what = format!("function.name: {name}.zip could be mistaken for a layer");
            return Err(self
                .at(at, &what)
                .hint("names that begin with layer are the layers': rename it"));
        }
        Ok(())
    }

    fn globs(self, distribution: Option<&str>, globs: Vec<GlobText>) -> Vec<Arc<Glob>> {
        let glob = |GlobText(text)| {
            let (distribution, file) =
                (distribution.map(str::to_owned), Some(self.file.to_owned()));
            Arc::new(Glob { text, distribution, file })
        };
        globs.into_iter().map(glob).collect()
    }

    fn no_rule(self, rule: &Spanned<String>, rules: &[&str]) -> Failure {
        let what = format!("rules.off: there is no rule `{}`", rule.as_ref());
        let failure = self.at(rule.span().start, &what);
        match nearest(rule.as_ref(), rules.iter().copied()) {
            Some(name) => failure.hint(format!("did you mean `{name}`?")),
            None => failure.hint("`slim rules` lists the names"),
        }
    }

    fn at(self, byte: usize, what: &str) -> Failure {
        refused::at(self.file, self.text, byte, what)
    }
}
