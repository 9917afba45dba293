//! Any text has an answer.

use gemmine_config::layer::{LONGEST_FILE, MOST_PROBLEMS};
use gemmine_config::{Config, EXAMPLE, Problem};
use proptest::prelude::*;

/// Answers are bounded, have lines that are there, and nothing that a terminal would obey.
fn check(text: &str) {
    let Err(problems) = Config::parse(text) else { return };
    assert!((1..=MOST_PROBLEMS).contains(&problems.len()), "{} problems", problems.len());
    let lines = text.split('\n').count();
    for problem in &problems {
        let line = problem.line().unwrap();
        assert!((1..=lines).contains(&line), "{problem}: {lines} lines");
        assert!(!problem.to_string().contains(char::is_control), "{problem:?}");
        let _ = problem.picture(text);
    }
}

/// The example with a part of it replaced.
fn damaged() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[\\[\\]=\"'#\n.,{}a-z0-9-]{0,8}",
        any::<String>(),
        Just("[[source]]\nkind = 'pool'\n".to_owned()),
    ];
    (0..EXAMPLE.len(), 0..40_usize, piece).prop_map(|(start, length, piece)| {
        let start = EXAMPLE.floor_char_boundary(start);
        let end = EXAMPLE.floor_char_boundary((start + length).min(EXAMPLE.len()));
        format!("{}{piece}{}", &EXAMPLE[..start], &EXAMPLE[end..])
    })
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn a_damaged_configuration_has_an_answer(text in damaged()) {
        check(&text);
    }
}

#[test]
fn large_texts_have_an_answer() {
    let fill = |piece: &str| piece.repeat(LONGEST_FILE / piece.len());
    check(&fill("[[source]]\n"));
    check(&fill("[[device]]\nx=1\n"));
    check(&format!("work={{{}}}", (0..20_000).map(|i| format!("k{i}=1,")).collect::<String>()));
    check(&(0..20_000).map(|i| format!("k{i}=1\n")).collect::<String>());
    check(&format!("x={}", fill("[")));
    check(&format!("x{}", fill(".x")));
    check(&fill("="));
    check(&format!("[work]\nout='{}'", fill("\u{e4}")));
    check(&fill("#########"));
}

#[test]
fn problems_are_errors() {
    let problems: Vec<Problem> = Config::parse("[log]\nlevel = 3\n").unwrap_err();
    let error: Box<dyn std::error::Error> = Box::new(problems[0].clone());
    assert!(error.to_string().starts_with("line 2: log.level is 3"), "{error}");
}
