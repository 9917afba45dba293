//! Configurations, checked and shown; completions; manual pages.

use super::*;

/// Runs with these variables and no others of gemmine's.
fn run(
    folder: &Path,
    arguments: &str,
    variables: &[(&str, &str)],
) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gemmine"));
    command.current_dir(folder).args(arguments.split_whitespace()).stdin(Stdio::null());
    command.env_remove("GEMMINE_CONFIG").envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_example_is_as_it_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (code, text, _) = run(path, "config example", &[]);
    assert_eq!(code, Some(0));
    fs::write(path.join("gemmine.toml"), &text).unwrap();
    let (code, text, _) = run(path, "config check", &[]);
    assert_eq!(
        (code, &*text),
        (Some(0), "gemmine.toml: as it should be: pearl, 3 sources, 4 kinds of device\n")
    );
    let (code, text, _) = run(path, "config check --json gemmine.toml", &[]);
    assert_eq!((code, &last_json(&text)["valid"]), (Some(0), &true.into()));
}

#[test]
fn problems_come_with_their_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("bad.toml"), "[log]\nlevel = 'loud'\nfromat = 'json'\n").unwrap();
    let (code, text, _) = run(path, "config check bad.toml", &[]);
    assert_eq!(code, Some(1));
    assert_eq!(
        text,
        "bad.toml:2: log.level is \"loud\": give info, warning or error\n  |\n2 | level = 'loud'\n  |         ^^^^^^\n\
         bad.toml:3: log.fromat is no key; did you mean `format`?\n  |\n3 | fromat = 'json'\n  | ^^^^^^\n\
         bad.toml: 2 problems\n"
    );
    // The file by the environment; the same as an object.
    let variables = [("GEMMINE_CONFIG", "bad.toml")];
    let (code, text, _) = run(path, "config check --json", &variables);
    let answer = last_json(&text);
    assert_eq!((code, &answer["exit"]), (Some(1), &1.into()));
    assert_eq!(answer["problems"][1]["line"], 3);
    // What can't be used can't be shown.
    let (code, _, error) = run(path, "config show", &variables);
    assert_eq!(code, Some(2));
    assert!(error.starts_with("error: failed to read the configuration:\nbad.toml:2: "), "{error}");
    for arguments in ["config check", "config check none.toml", "config show none.toml"] {
        let (code, _, error) = run(path, arguments, &[]);
        assert_eq!(code, Some(2), "{arguments}: {error}");
    }
}

#[test]
fn every_value_has_its_origin() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("gemmine.toml"), "[work]\nseed = 1\n[log]\nlevel = 'error'\n").unwrap();
    let variables = [("GEMMINE_WORK_SEED", "2"), ("GEMMINE_HTTP_TOKEN", "hunter2")];
    let listen = [("GEMMINE_HTTP_LISTEN", "127.0.0.1:8647")];
    let variables = [&variables[..], &listen[..]].concat();
    let (code, text, _) = run(path, "config show", &variables);
    assert_eq!(code, Some(0));
    let origin = |key: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("{key} "))).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(origin("work.protocol"), "\"pearl\" default");
    assert_eq!(origin("work.seed"), "2 environment GEMMINE_WORK_SEED");
    assert_eq!(origin("log.level"), "\"error\" gemmine.toml:4");
    assert_eq!(origin("http.token_file"), "\"(not shown)\" environment GEMMINE_HTTP_TOKEN");
    assert!(!text.contains("hunter2"), "{text}");
    let (_, text, _) = run(path, "config show --json", &variables);
    let entries = last_json(&text)["entries"].clone();
    let seed = entries.as_array().unwrap().iter().find(|entry| entry["key"] == "work.seed");
    assert_eq!(seed.unwrap()["value"], 2);
    let (code, text, _) = run(path, "config variables", &[]);
    assert!(code == Some(0) && text.contains("GEMMINE_LOG_LEVEL "), "{text}");
}

#[test]
fn shells_and_man_know_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = expect(path, &format!("completions {shell}"), 0);
        for word in ["selftest", "zero-signal", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    // A real shell takes it.
    fs::write(path.join("script"), expect(path, "completions bash", 0)).unwrap();
    let check = Command::new("bash").current_dir(path).args(["-n", "script"]).status().unwrap();
    assert!(check.success());
    expect(path, "man pages/man1", 0);
    for (name, word) in [
        ("gemmine", "selftest"),
        ("gemmine-mine", "zero\\-signal"),
        ("gemmine-config-check", "GEMMINE_CONFIG"),
    ] {
        let page = fs::read_to_string(path.join(format!("pages/man1/{name}.1"))).unwrap();
        assert!(page.contains(word), "{name}: {word}\n{page}");
    }
    fs::write(path.join("file"), "").unwrap();
    expect_trouble(path, "man file/man1", "failed to make the folder file/man1");
}
