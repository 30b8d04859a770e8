use lambda_slim::cache::Cache;
use lambda_slim::options::workspace::*;
use lambda_slim::options::*;
use std::path::PathBuf;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let root = PathBuf::from(&args[1]);
    let level = match args[2].as_str() { "max" => Level::Max, "safe" => Level::Safe, _ => Level::Standard };
    let verify = args[3] == "verify";
    let out = PathBuf::from(&args[4]);
    let cache = if args[5] == "-" { Cache::default() } else { Cache::at(std::path::Path::new(&args[5]), 4 << 30) };
    let mut base = Options::of(vec![]);
    base.out_dir = out;
    base.level = level;
    base.cache = cache;
    base.python_bin = Some(PathBuf::from("/root/.pyenv/versions/3.12.1/bin/python3.12"));
    if verify { base.proving = Some(Proving { python_bin: base.python_bin.clone(), ..Proving::default() }); }
    let functions = args[6..].iter().map(|name| Function {
        name: name.clone(), path: root.join(name), requirements: None,
        options: Options { packages: vec![root.join(name)], handlers: vec!["app.lambda_handler".parse().unwrap()], ..base.clone() },
    }).collect();
    let ws = Workspace { functions, layer: LayerTable { policy: LayerPolicy::Shared, pure_across_targets: false }, root: base.out_dir.clone(), options: base };
    match lambda_slim::build_workspace(&ws, false, &lambda_slim::progress::Silent) {
        Ok(r) => { if let Some(l) = &r.layers { print!("{}", lambda_slim::report::layers::render(l)); } 
          for f in &r.functions { println!("{} {} {:?} unz {} zip {} copies {:?} leaks {:?}", f.name, f.target.unwrap(), f.layers, f.unzipped_bytes, f.zipped_bytes, f.copies, f.leaks); }
          for e in &r.exceeded { println!("EXCEEDED {e}"); }
          if let Some(p) = &r.proof { println!("{:?} {:?}", p.status, p.because); for c in &p.checks { if c.verdict != lambda_slim::verify::Verdict::Passed { println!("{c:?}"); } } }
          println!("{:?}", r.timings); }
        Err(e) => { println!("error: {e:#}"); std::process::exit(3) }
    }
}
