//! Functions of a serverless.yml.

use std::path::Path;

use super::yaml::Yaml;
use super::{Found, Function, LAMBDAS_OWN, template, tidy};
use crate::failure::Failure;

/// What serverless.yml declares; None where there is none, or none with functions.
pub(super) fn find(folder: &Path) -> Result<Option<Found>, Failure> {
    let Some((from, root)) = template(folder, &["serverless.yml", "serverless.yaml"])? else {
        return Ok(None);
    };
    let mut found = Found { from, ..Found::default() };
    let Some(functions) = root.get("functions") else { return Ok(None) };
    // Functions are a map, or a list of maps.
    for map in std::iter::once(functions).chain(functions.items()) {
        for (name, function) in map.entries() {
            match read(folder, &found.from, &root, (name, function)) {
                Ok(function) => found.add(function),
                Err(why) => found.notes.push(format!("left out: {name}: {why}")),
            }
        }
    }
    let any = !found.functions.is_empty() || !found.notes.is_empty();
    Ok(any.then_some(found))
}

fn read(
    folder: &Path,
    from: &str,
    root: &Yaml,
    (name, function): (&str, &Yaml),
) -> Result<Function, String> {
    let provider = root.get("provider");
    let get = |key: &str| {
        let own = function.get(key).and_then(Yaml::text);
        own.or_else(|| provider.and_then(|provider| provider.get(key)).and_then(Yaml::text))
    };
    // A value may stand there that is only known when it is deployed.
    let says = |key: &str| {
        let provider = provider.and_then(|provider| provider.get(key));
        function.get(key).or(provider).is_some()
    };
    let python = match get("runtime") {
        Some(runtime) => match runtime.strip_prefix("python") {
            Some(version) => version.parse().ok(),
            None => return Err(format!("its runtime is {runtime}")),
        },
        None => None,
    };
    if function.get("image").is_some() {
        return Err("it is a container image".to_owned());
    }
    let package = |of: &Yaml| of.get("package")?.get("artifact")?.text().map(tidy);
    let module = function.get("module").and_then(Yaml::text);
    let (path, path_from) = match (package(function).or_else(|| package(root)), module) {
        (Some(artifact), _) => (artifact, format!("package.artifact in {from}")),
        (None, Some(module)) => (tidy(module), format!("module in {from}")),
        (None, None) => (".".to_owned(), format!("the folder of {from}")),
    };
    let requirements = ".serverless/requirements";
    Ok(Function {
        name: name.to_owned(),
        requirements: folder.join(requirements).is_dir().then(|| requirements.to_owned()),
        path,
        path_from,
        handler: function.get("handler").and_then(Yaml::text).and_then(|it| it.parse().ok()),
        python,
        arch: match get("architecture") {
            Some(arch) => arch.parse().ok(),
            None => Some(LAMBDAS_OWN).filter(|_| !says("architecture")),
        },
    })
}
