//! A first slim.toml: from templates and from what lies about.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use lambda_slim::cli::{Asked, Cli, Command};
use lambda_slim::config::environment::Environment;
use lambda_slim::config::{Which, load};
use lambda_slim::options::workspace::Workspace;
use tempfile::TempDir;

use crate::support::{Run, command, finished};

const SAM: &str = r#"AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: !Sub "${AWS::StackName}"}
Globals:
  Function:
    Runtime: python3.12
    Architectures: [x86_64]
    Timeout: 3
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/orders/
      Handler: src/app.lambda_handler
      Layers: [!Ref Deps, !GetAtt Other.Arn]
      Environment: {Variables: {TABLE: !Ref Table, ARN: !GetAtt Table.Arn}}
      Policies: [!If [A, !Ref B, 'x']]
  Thumbs:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ./functions/thumbs
      Handler: thumbs.main
      Runtime: python3.13
      Architectures:
        - arm64
  LayerCleaner:
    Type: AWS::Lambda::Function
    Properties:
      Code: functions/cleaner
      Handler: index.handler
      Runtime: python3.12
  Inline:
    Type: AWS::Lambda::Function
    Properties: {Code: {ZipFile: "def handler(e, c): pass"}, Runtime: python3.12}
  Web:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: web, Runtime: nodejs22.x, Handler: index.handler}
  Picture:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image}
  Deps:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layers/deps, CompatibleRuntimes: [python3.12]}
  Table:
    Type: AWS::DynamoDB::Table
"#;

const SERVERLESS: &str = "service: shop\nprovider:\n  name: aws\n  runtime: python3.11\n  architecture: arm64\n\
                          custom: &all {stage: \"${opt:stage, 'dev'}\"}\n\
                          functions:\n  api:\n    handler: src/api.handler\n    events: [{httpApi: '*'}]\n\
                          \x20 worker:\n    handler: \"${self:custom.handler}.x\"\n    package: {artifact: work.zip}\n\
                          \x20 web: {handler: index.main, runtime: nodejs22.x}\n";

/// A folder with these files; names that end in a slash are folders.
fn project(files: &[(&str, &str)]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = home.path().join("project").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::write(path, text).unwrap();
        }
    }
    home
}

#[track_caller]
fn init(home: &TempDir, args: &[&str]) -> Run {
    let folder = home.path().join("project");
    finished(command().current_dir(folder).arg("init").args(args))
}

/// The file that `init` writes, and what it asks a build for.
#[track_caller]
fn written(home: &TempDir) -> (String, Workspace) {
    let run = init(home, &[]).ok();
    assert_eq!(run.out, "wrote slim.toml: look through it, then `slim build`\n");
    let path = home.path().join("project/slim.toml");
    let config = load(Which::File(&path), Environment::default(), &[]).unwrap();
    let cli = <Cli as clap::Parser>::try_parse_from(["slim", "build"]).unwrap();
    let Command::Build(build) = cli.command else { panic!("a build") };
    let Asked::Workspace(workspace) = build.asked(&config, None).unwrap() else {
        panic!("a workspace")
    };
    (fs::read_to_string(path).unwrap(), workspace)
}

fn names(workspace: &Workspace) -> Vec<&str> {
    workspace.functions.iter().map(|function| function.name.as_str()).collect()
}

#[test]
fn from_a_sam_template() {
    let home = project(&[
        ("template.yaml", SAM),
        ("functions/orders/src/app.py", ""),
        ("functions/thumbs/thumbs.py", ""),
        ("functions/cleaner/", ""),
        ("layers/deps/python/alpha.py", ""),
    ]);
    let (text, workspace) = written(&home);
    assert_snapshot!("init_sam", text);
    assert_eq!(names(&workspace), ["Orders", "Thumbs", "function-LayerCleaner"]);
    let thumbs = &workspace.functions[1].options;
    assert_eq!(thumbs.python.unwrap().to_string(), "3.13");
    assert_eq!(thumbs.arch.unwrap().to_string(), "arm64");
    let home = project(&[("template.yml", SAM), (".aws-sam/build/Thumbs/", "")]);
    let out = init(&home, &["--stdout"]).ok().out;
    assert!(
        out.contains("\".aws-sam/build/Thumbs\"") && out.contains("it is not there yet"),
        "{out}"
    );
    assert!(!home.path().join("project/slim.toml").exists());
}

#[test]
fn from_serverless() {
    let home = project(&[("serverless.yml", SERVERLESS), ("src/api.py", ""), ("work.zip", "")]);
    let (text, workspace) = written(&home);
    assert_snapshot!("init_serverless", text);
    assert_eq!(names(&workspace), ["api", "worker"]);
    assert!(workspace.functions[1].options.handlers.is_empty(), "known only when it is deployed");
}

#[test]
fn from_folders() {
    let handler = "import json\n\ndef lambda_handler(event, context):\n    return 1\n";
    let home = project(&[
        ("build/api/app.py", handler),
        ("build/deps/alpha-1.0.dist-info/METADATA", ""),
        ("jobs/run.py", "def cron_handler(event, _context) -> None: pass\n"),
        ("tests/app.py", handler),
        ("lib/util.py", "def handler(x): pass\n"),
        ("node_modules/a/app.py", handler),
    ]);
    let (text, workspace) = written(&home);
    assert_snapshot!("init_folders", text);
    assert_eq!(names(&workspace), ["api", "deps", "jobs"]);
    let home = project(&[("app.py", handler)]);
    let (text, workspace) = written(&home);
    assert_snapshot!("init_package", text);
    assert_eq!(workspace.functions[0].options.handlers[0].to_string(), "app.lambda_handler");
}

#[test]
fn a_single_package_is_built_as_written() {
    let home = project(&[("pkg/app.py", "def handler(event, context): pass\n")]);
    let (_, workspace) = written(&home);
    assert_eq!(names(&workspace), ["pkg"]);
    let folder = home.path().join("project");
    let built = finished(command().current_dir(&folder).args(["build", "pkg"])).ok();
    assert!(built.says(&["configuration: slim.toml"]));
    assert!(folder.join("dist/function.zip").exists());
}

#[test]
fn what_is_wrong_is_told() {
    let mut all = String::new();
    let mut tell = |home: &TempDir, args: &[&str]| {
        all.push_str(&init(home, args).failure(home.path()));
    };
    let there = project(&[("slim.toml", "# mine\n"), ("a/app.py", "")]);
    tell(&there, &[]);
    tell(&there, &["none"]);
    tell(&there, &["slim.toml"]);
    tell(&project(&[("template.yaml", "Resources:\n  A: [b\n")]), &[]);
    tell(&project(&[("serverless.yml", &"[".repeat(10_000))]), &[]);
    assert_snapshot!("init_wrong", all);
    let mine = there.path().join("project/slim.toml");
    assert_eq!(fs::read_to_string(&mine).unwrap(), "# mine\n");
    init(&there, &["--force"]).ok();
    assert_snapshot!("init_nothing", fs::read_to_string(&mine).unwrap());
    load(Which::File(Path::new(&mine)), Environment::default(), &[]).unwrap();
}

#[test]
fn names_and_paths_of_any_kind_are_written_so_that_they_are_read() {
    let names = ["é", "a b", "layer", "Layer", "..", "\"", "a\\b", "x\u{1}y", "-", "A", "a", "'''"];
    let mut text = String::from("Resources:\n");
    for name in names {
        let quoted = serde_json::to_string(name).unwrap();
        text.push_str(&format!(
            "  {quoted}:\n    Type: AWS::Serverless::Function\n    Properties: {{CodeUri: {quoted}, Handler: {quoted}}}\n"
        ));
    }
    let home = project(&[("template.yaml", &text)]);
    init(&home, &[]).ok();
    let path = home.path().join("project/slim.toml");
    let config = load(Which::File(&path), Environment::default(), &[]).unwrap();
    assert_eq!(config.function_names().len(), names.len());
}
