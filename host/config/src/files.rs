//! Whether the files that a configuration names are there, and can be what they should.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::config::{Config, Operands};
use crate::layer::{LONGEST_FILE, Layer};
use crate::origin::{Origin, Place, Problem, Setting};
use crate::resolve;
use crate::secret::Secret;

/// A file as a layer.
pub(crate) fn read_layer(path: &Path) -> Layer {
    let file = path.display().to_string();
    match read_text(path) {
        Ok(text) => Layer::file(&file, path.parent(), &text),
        Err(why) => {
            let place = Place { file: file.as_str().into(), line: 1, column: 1, width: 0 };
            Layer::broken(vec![Problem::new(&Origin::File(place), why)])
        }
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("the configuration can't be read: {error}");
    // Before it is opened: opening a pipe that nobody writes to waits for ever.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err("the configuration can't be read: it is no file".into());
    }
    let mut bytes = Vec::new();
    // One byte more than there may be, so that the layer sees that there is more.
    let file = File::open(path).map_err(failed)?;
    file.take(LONGEST_FILE as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("the configuration is no UTF-8 behind byte {at}: write it as UTF-8")
    })
}

/// What is wrong with the files that a configuration names.
pub(crate) fn check(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut check = |key: &str, origin: &Origin, checked: Result<(), String>| {
        if let Err(why) = checked {
            problems.push(Problem::new(origin, format!("{key}: {why}")));
        }
    };
    if let Operands::Files { a, b } = &*config.work.operands {
        let origin = &config.work.operands.origin;
        check("work.a", origin, matrix(a));
        check("work.b", origin, matrix(b));
    }
    check("work.out", &config.work.out.origin, folder(&config.work.out));
    for (index, source) in config.sources.iter().enumerate() {
        let key = |name| format!("source[{}].{name}", index + 1);
        if let Some(path) = &source.tls_ca {
            check(&key("tls_ca"), &path.origin, certificates(path));
        }
        if let Some(password) = &source.password {
            check(&key("password_file"), &password.origin, secret(password));
        }
    }
    if let Some(token) = config.http.as_ref().and_then(|http| http.token.as_ref()) {
        check("http.token_file", &token.origin, secret(token));
    }
    resolve::sort(&mut problems);
    problems
}

/// The first bytes of a file.
fn head<const N: usize>(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("{} can't be read: {error}", path.display());
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(format!("{} is no file", path.display()));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(N as u64).read_to_end(&mut bytes))
        .map_err(failed)?;
    Ok(bytes)
}

fn matrix(path: &Path) -> Result<(), String> {
    match head::<6>(path)?.as_slice() {
        b"\x93NUMPY" => Ok(()),
        _ => Err(format!("{} is no .npy file: save it by numpy.save", path.display())),
    }
}

fn certificates(path: &Path) -> Result<(), String> {
    let bytes = head::<{ 1 << 20 }>(path)?;
    let mark = b"-----BEGIN CERTIFICATE-----";
    match bytes.windows(mark.len()).any(|window| window == mark) {
        true => Ok(()),
        false => Err(format!("there is no certificate (PEM) in {}", path.display())),
    }
}

/// A folder that is there, or that can be made.
fn folder(path: &Path) -> Result<(), String> {
    match fs::metadata(path) {
        Ok(found) if !found.is_dir() => Err(format!("{} is a file: name a folder", path.display())),
        _ => Ok(()),
    }
}

fn secret(setting: &Setting<Secret>) -> Result<(), String> {
    setting.read().map(|_| ()).map_err(|error| format!("failed to {error}"))
}
