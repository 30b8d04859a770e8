//! Functions of a SAM or CloudFormation template.

use std::path::Path;

use super::yaml::Yaml;
use super::{Found, Function, LAMBDAS_OWN, template, tidy};
use crate::failure::Failure;

/// What a template declares; None where there is none, or none with functions.
pub(super) fn find(folder: &Path) -> Result<Option<Found>, Failure> {
    let Some((from, root)) = template(folder, &["template.yaml", "template.yml"])? else {
        return Ok(None);
    };
    let mut found = Found { from: from.clone(), ..Found::default() };
    let Some(resources) = root.get("Resources") else { return Ok(None) };
    let globals = root.get("Globals").and_then(|globals| globals.get("Function"));
    let template = Template { folder, from, resources, globals };
    let mut any = false;
    for (name, resource) in resources.entries() {
        let serverless = match resource.get("Type").and_then(Yaml::text) {
            Some("AWS::Serverless::Function") => true,
            Some("AWS::Lambda::Function") => false,
            Some(_) | None => continue,
        };
        any = true;
        match template.function(name, resource.get("Properties"), serverless, &mut found.notes) {
            Ok(function) => found.add(function),
            Err(why) => found.notes.push(format!("left out: {name}: {why}")),
        }
    }
    Ok(any.then_some(found))
}

struct Template<'a> {
    folder: &'a Path,
    from: String,
    resources: &'a Yaml,
    globals: Option<&'a Yaml>,
}

impl Template<'_> {
    /// A function, or why it is none for slim.
    fn function(
        &self,
        name: &str,
        properties: Option<&Yaml>,
        serverless: bool,
        notes: &mut Vec<String>,
    ) -> Result<Function, String> {
        let globals = self.globals.filter(|_| serverless);
        let get = |key: &str| {
            let own = properties.and_then(|properties| properties.get(key));
            own.or_else(|| globals.and_then(|globals| globals.get(key)))
        };
        let text = |key: &str| get(key).and_then(Yaml::text);
        if text("PackageType") == Some("Image") {
            return Err("it is a container image".to_owned());
        }
        let python = match text("Runtime") {
            Some(runtime) => match runtime.strip_prefix("python") {
                Some(version) => version.parse().ok(),
                None => return Err(format!("its runtime is {runtime}")),
            },
            None => None,
        };
        let code = if serverless { "CodeUri" } else { "Code" };
        let built = format!(".aws-sam/build/{name}");
        let (path, path_from) = if self.folder.join(&built).is_dir() {
            (built, "what `sam build` made".to_owned())
        } else {
            let path = text(code).filter(|path| !path.starts_with("s3://"));
            let path = path.ok_or_else(|| format!("{code} names no folder or zip"))?;
            (tidy(path), format!("{code} in {}", self.from))
        };
        Ok(Function {
            name: name.to_owned(),
            path,
            path_from,
            requirements: self.layer(name, get("Layers"), notes),
            handler: text("Handler").and_then(|handler| handler.parse().ok()),
            python,
            arch: match get("Architectures") {
                Some(all) => all.items().next().and_then(Yaml::text).and_then(|it| it.parse().ok()),
                None => Some(LAMBDAS_OWN),
            },
        })
    }

    /// The folder of the function's one layer that the template itself fills.
    fn layer(&self, name: &str, layers: Option<&Yaml>, notes: &mut Vec<String>) -> Option<String> {
        let layers: Vec<&Yaml> = layers?.items().collect();
        let mut folders: Vec<String> =
            layers.iter().filter_map(|layer| self.content(layer)).collect();
        let unknown = layers.len() - folders.len();
        if unknown > 0 || folders.len() > 1 {
            notes.push(format!(
                "{name} has layers that are not laid over its package ({} of {}): name what they hold \
                 with requirements",
                unknown + folders.len().saturating_sub(1),
                layers.len()
            ));
        }
        (!folders.is_empty()).then(|| folders.remove(0))
    }

    /// The folder that fills a layer of the template, with its packages where they lie below `python/`.
    fn content(&self, layer: &Yaml) -> Option<String> {
        let Yaml::Reference(name) = layer else { return None };
        let layer = self.resources.get(name)?.get("Properties")?;
        let folder = tidy(layer.get("ContentUri").or_else(|| layer.get("Content"))?.text()?);
        let below = format!("{folder}/python");
        let folder = if self.folder.join(&below).is_dir() { below } else { folder };
        self.folder.join(&folder).is_dir().then_some(folder)
    }
}
