//! Files that a configuration names.

use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};
use gemmine_config::{Config, Layer};

use crate::lines;

/// A file only its owner can read.
fn write(path: &Path, bytes: impl AsRef<[u8]>, mode: u32) {
    fs::write(path, bytes).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// What is wrong with `g.toml` in a folder, with the folder's name left out.
fn check(folder: &Path, text: &str, expected: Expect) {
    write(&folder.join("g.toml"), text, 0o644);
    let loaded = Config::load(Some(&folder.join("g.toml")), [], Layer::default());
    let text = loaded.map_or_else(|problems| lines(&problems), |_| "good\n".to_owned());
    expected.assert_eq(&text.replace(&format!("{}/", folder.display()), ""));
}

const FILES: &str = "\
[work]
a = 'A.npy'
b = 'B.npy'
out = 'out'
[[source]]
kind = 'pool'
endpoint = 'tls://a:1'
wallet = 'w'
password_file = 'password'
tls_ca = 'ca.pem'
[http]
listen = '127.0.0.1:1'
token_file = 'token'
";

#[cfg(unix)]
#[test]
fn everything_that_is_named_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    check(
        path,
        FILES,
        expect![[r#"
            g.toml:2: work.a: A.npy can't be read: No such file or directory (os error 2)
            g.toml:2: work.b: B.npy can't be read: No such file or directory (os error 2)
            g.toml:9: source[1].password_file: failed to read password: No such file or directory (os error 2)
            g.toml:10: source[1].tls_ca: ca.pem can't be read: No such file or directory (os error 2)
            g.toml:13: http.token_file: failed to read token: No such file or directory (os error 2)
        "#]],
    );
    write(&path.join("A.npy"), b"PK\x03\x04", 0o644);
    write(&path.join("B.npy"), b"\x93NUMPY\x01\x00", 0o644);
    write(&path.join("ca.pem"), b"nothing", 0o644);
    write(&path.join("password"), b"\nhunter2", 0o600);
    write(&path.join("token"), b"hunter2\n", 0o644);
    write(&path.join("out"), b"", 0o644);
    check(
        path,
        FILES,
        expect![[r#"
            g.toml:2: work.a: A.npy is no .npy file: save it by numpy.save
            g.toml:4: work.out: out is a file: name a folder
            g.toml:9: source[1].password_file: failed to read password: it is empty; write one line with 1 to 4096 printable ASCII characters into it
            g.toml:10: source[1].tls_ca: there is no certificate (PEM) in ca.pem
            g.toml:13: http.token_file: failed to read token: everybody can read it (mode 644); run chmod o-rwx on it
        "#]],
    );
    write(&path.join("A.npy"), b"\x93NUMPY\x01\x00", 0o644);
    write(&path.join("ca.pem"), b"# mine\n-----BEGIN CERTIFICATE-----\n", 0o644);
    write(&path.join("password"), b"hunter2\nmore", 0o600);
    write(&path.join("token"), b"hunter2\n", 0o640);
    fs::remove_file(path.join("out")).unwrap();
    check(
        path,
        FILES,
        expect![[r#"
        good
    "#]],
    );
    fs::create_dir(path.join("out")).unwrap();
    check(
        path,
        FILES,
        expect![[r#"
        good
    "#]],
    );
}

#[cfg(unix)]
#[test]
fn paths_begin_in_the_files_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(&path.join("g.toml"), "[work]\nout = 'x'\n", 0o644);
    let variables = |seed: &str| [("GEMMINE_WORK_OUT".to_owned(), seed.to_owned())];
    let load = |variables: Vec<(String, String)>| {
        Config::load(Some(&path.join("g.toml")), variables, Layer::default()).unwrap()
    };
    assert_eq!(*load(Vec::new()).work.out, path.join("x"));
    assert_eq!(*load(variables("y").into()).work.out, Path::new("y"));
}

#[test]
fn a_configuration_that_can_not_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (name, bytes, expected) in [
        ("latin", b"# \xe4".to_vec(), "no UTF-8 behind byte 2"),
        ("long", vec![b'#'; 300_000], "256 KiB is the most"),
        ("nul", b"\0".to_vec(), "no TOML"),
    ] {
        write(&path.join(name), bytes, 0o644);
        let problems = Config::load(Some(&path.join(name)), [], Layer::default()).unwrap_err();
        assert!(lines(&problems).contains(expected), "{name}: {}", lines(&problems));
    }
    for name in ["missing", "."] {
        let problems = Config::load(Some(&path.join(name)), [], Layer::default()).unwrap_err();
        assert!(lines(&problems).contains("can't be read"), "{name}: {}", lines(&problems));
    }
}
