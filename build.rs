//! Embeds `rules/`: a new file there needs no other edit.
// This is how a build script speaks to cargo.
#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=rules");
    println!("cargo:rerun-if-changed=build.rs");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("rules");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    let mut names = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root)?.to_str();
        let name = name.ok_or_else(|| format!("{} is not UTF-8", file.display()))?;
        names.push(name.replace('\\', "/"));
    }
    names.sort();
    let mut code = String::from("const EMBEDDED: &[(&str, &str)] = &[\n");
    for name in names {
        let path = format!("/rules/{name}");
        writeln!(
            code,
            "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))),"
        )?;
    }
    code.push_str("];\n");
    let target = PathBuf::from(env::var("OUT_DIR")?).join("embedded_rules.rs");
    fs::write(target, code)?;
    Ok(())
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "yml" || e == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}
