//! What to do after a build.

use std::path::{Path, PathBuf};

use super::{Report, Zip};
use crate::target::DIRECT_UPLOAD_LIMIT;
use crate::verify::Status;

/// What was typed.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'a> {
    /// The packages.
    pub packages: &'a [PathBuf],
    /// Where the results went.
    pub out_dir: &'a Path,
    /// Whether a level was named.
    pub level: bool,
    /// Whether a proof was done without.
    pub declined: bool,
}

/// The next step, in one line; for a build that wrote zips.
pub fn step(report: &Report, typed: Typed<'_>) -> Option<String> {
    let shown = typed.packages.iter().map(|path| path.display().to_string());
    let packages: String = shown.map(|path| format!(" {path}")).collect();
    if report.proof.as_ref().is_some_and(|proof| proof.status == Status::Failed) {
        return Some(format!(
            "keep what the proof misses, with --keep GLOB or in slim.toml; slim explain{packages} PATH \
             tells why it went"
        ));
    }
    if !report.exceeded.is_empty() {
        return Some(too_large(report, &packages));
    }
    let workspace = report.layers.is_some();
    let code = report.functions.iter().any(|function| function.file.is_some());
    if report.proof.is_none() && !typed.declined && !workspace && code {
        let handler = report.handlers.first().map_or("MODULE.FUNCTION", String::as_str);
        let smaller = if typed.level { "" } else { "; --level max makes it smaller" };
        return Some(format!(
            "prove that it runs: slim build{packages} --handler {handler} --event event.json{smaller}"
        ));
    }
    if workspace || report.functions.len() > 1 {
        let changed = typed.out_dir.join(super::changed::FILE);
        return Some(format!("deploy what {} lists", changed.display()));
    }
    deploy(report, typed.out_dir)
}

fn too_large(report: &Report, packages: &str) -> String {
    let handler = report.handlers.first().map_or("MODULE.FUNCTION", String::as_str);
    match report.level {
        "max" => format!("see what weighs: slim inspect{packages}, or --report html=report.html"),
        _ => format!("take more: slim build{packages} --level max --handler {handler}"),
    }
}

/// The command that brings the largest of the zips to Lambda.
fn deploy(report: &Report, out_dir: &Path) -> Option<String> {
    let zip: &Zip = report.zips.iter().max_by_key(|zip| zip.bytes)?;
    let path = out_dir.join(&zip.file);
    let path = path.display();
    let (publish, content) = match zip.role {
        "layer" => (
            "aws lambda publish-layer-version --layer-name NAME",
            "--content S3Bucket=BUCKET,S3Key=",
        ),
        _ => {
            ("aws lambda update-function-code --function-name NAME", "--s3-bucket BUCKET --s3-key ")
        }
    };
    Some(match zip.bytes > DIRECT_UPLOAD_LIMIT {
        true => format!("aws s3 cp {path} s3://BUCKET/, then {publish} {content}{}", zip.file),
        false => format!("{publish} --zip-file fileb://{path}"),
    })
}
