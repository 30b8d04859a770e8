//! What people hand over for a package that is none, and what to do instead.

use std::path::Path;

use crate::failure::{Failure, nearest};

/// What a package is, where nothing better can be said.
const PACKAGE: &str = "PACKAGE is the folder that `pip install -t` filled, or a .zip of it";

/// What beginnings and endings of a file's name tell: what it is, and what to do with it. `{}` stands for
/// its path.
const FILES: &[(&[&str], &[&str], &str)] = &[
    (
        &[],
        &[".whl", ".tar.gz"],
        "install it, then build the folder: pip install --target package {}",
    ),
    (
        &["requirements"],
        &[".txt", ".in"],
        "install what it lists, then build the folder: pip install --target package -r {}",
    ),
    (&["constraints"], &[".txt"], PACKAGE),
    (&["pylock"], &[".toml"], "install what it lists: uv pip install --target package -r {}"),
    (&["pyproject.toml"], &[], "install what it asks for: uv pip install --target package -r {}"),
    (&["setup.py", "setup.cfg"], &[], "install the project: pip install --target package ."),
    (
        &["uv.lock"],
        &[],
        "install what it locks: uv export --frozen --no-dev -o requirements.txt, then pip install \
         --target package -r requirements.txt",
    ),
    (
        &["poetry.lock"],
        &[],
        "install what it locks: poetry export -o requirements.txt, then pip install --target package \
         -r requirements.txt",
    ),
    (
        &["Pipfile"],
        &[],
        "install what it locks: pipenv requirements > requirements.txt, then pip install --target \
         package -r requirements.txt",
    ),
    (&["slim.toml"], &[], "name the configuration so: slim build --config {}"),
    (
        &["template.", "serverless.", "sam."],
        &[".yaml", ".yml", ".json", ".ts"],
        "let `slim init` make a slim.toml of it, then `slim build` builds its functions",
    ),
    (
        &["Dockerfile"],
        &[],
        "build the image, then copy /var/task out of it: docker cp NAME:/var/task package",
    ),
    (
        &[],
        &[".txt"],
        "a list of requirements? pip install --target package -r {}, then build the folder",
    ),
    (
        &[],
        &[".py"],
        "put it into a folder, with what it needs beside it: pip install --target package …",
    ),
    (&[], &[".tgz", ".gz", ".tar", ".7z", ".egg"], "unpack it, and build the folder"),
];

/// Folders of Lambda's own images.
const IN_CONTAINERS: [&str; 4] = ["/var/task", "/opt/python", "/asset-input", "/asset-output"];

/// Why there is nothing at this path, as far as the path tells.
pub(super) fn absent(path: &Path) -> Failure {
    let shown = path.to_string_lossy();
    let failure = |what: &str| Failure::usage(format!("failed to find package {shown}: {what}"));
    if let Some((scheme, _)) = shown.split_once("://") {
        let hint = match scheme {
            "s3" => format!(
                "fetch it first: aws s3 cp {shown} package.zip, then slim build package.zip"
            ),
            "http" | "https" => {
                format!("fetch it first: curl -o package.zip {shown}, then slim build package.zip")
            }
            _ => return of_image(&shown, failure),
        };
        return failure("it is an address, no file or folder").hint(hint);
    }
    if IN_CONTAINERS.iter().any(|place| path.starts_with(place)) {
        return failure("it is a folder of a container, and there is none here").hint(
            "run slim in the container, or copy the folder out: docker cp NAME:/var/task package",
        );
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.contains("==") || name.contains(">=") || name.contains("~=") {
        return failure("it is a requirement").hint(format!(
            "install it, then build the folder: pip install --target package '{shown}'"
        ));
    }
    // NAME:TAG and HOST.DOMAIN/NAME: no path that is written by hand has a colon behind a slash.
    if shown.contains(':') && !shown.starts_with(['/', '.']) {
        return of_image(&shown, failure);
    }
    let failure = failure("there is no such file or folder");
    match beside(path) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure.hint(PACKAGE),
    }
}

fn of_image(shown: &str, failure: impl Fn(&str) -> Failure) -> Failure {
    let image = shown.split_once("://").map_or(shown, |(_, image)| image);
    failure("it looks like a container image").hint(format!(
        "copy the package out of it: docker create --name from {image} && docker cp from:/var/task package"
    ))
}

/// What lies where it was looked for under nearly that name.
fn beside(path: &Path) -> Option<String> {
    let typed = path.file_name()?.to_str()?;
    let folder = path.parent()?;
    let listed =
        std::fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let mut names: Vec<String> =
        listed.ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let near = nearest(typed, names.iter().map(String::as_str))?;
    Some(folder.join(near).display().to_string())
}

/// Refuses a file that is no package zip, with what to do instead.
pub(super) fn no_zip(path: &Path) -> Option<Failure> {
    let shown = path.display().to_string();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.to_ascii_lowercase().ends_with(".zip") {
        return None;
    }
    let fits = |(begins, ends, _): &&(&[&str], &[&str], &str)| {
        let begun = begins.is_empty() || begins.iter().any(|begin| name.starts_with(begin));
        begun && (ends.is_empty() || ends.iter().any(|end| name.ends_with(end)))
    };
    let hint = FILES.iter().find(fits).map_or(PACKAGE, |(_, _, hint)| hint);
    let message = format!("failed to read package {shown}: it is neither a folder nor a .zip");
    Some(Failure::usage(message).hint(hint.replace("{}", &shown)))
}

/// Refuses a folder that no handler is imported from: a virtual environment (PEP 405).
pub(super) fn no_package(folder: &Path) -> Option<Failure> {
    if !folder.join("pyvenv.cfg").is_file() {
        return None;
    }
    let shown = folder.display();
    let message = format!("failed to read package {shown}: it is a virtual environment");
    let hint = match site_packages(folder) {
        Some(inner) => format!(
            "install into a folder of its own: pip install --target package -r requirements.txt; \
             or take what is installed, pip with it: slim build {inner}"
        ),
        None => {
            "install into a folder: pip install --target package -r requirements.txt".to_owned()
        }
    };
    Some(Failure::usage(message).hint(hint))
}

fn site_packages(folder: &Path) -> Option<String> {
    let versions = std::fs::read_dir(folder.join("lib")).ok()?;
    let mut inner: Vec<String> = versions
        .filter_map(|entry| Some(entry.ok()?.path().join("site-packages")))
        .filter(|path| path.is_dir())
        .map(|path| path.display().to_string())
        .collect();
    inner.sort();
    inner.into_iter().next()
}

#[cfg(test)]
mod tests;
