//! A gateway's job: read, written, and sent back with a share.
//!
//! No digit and no key is lost on the way, however big its numbers are, and what goes back with a share is the object
//! that came, byte by byte.

use std::collections::BTreeMap;
use std::time::Duration;

use gemmine_jobs::job::GatewayJob;
use gemmine_jobs::source::connection::{Dialect, Output, Source, SourceOptions, Timing};
use gemmine_jobs::work::{Proof, ShareId, SourceEvent, SourceId, Submission, Work};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::plain;

/// Keys with the text of their values.
type Values<'a> = BTreeMap<String, &'a RawValue>;

/// The part of a submission that is looked at.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    params: Params<'a>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    mining_job: &'a RawValue,
}

/// Runs the target.
pub fn run(bytes: &[u8]) {
    let job = match GatewayJob::parse(bytes) {
        Ok(job) => job,
        // The JSON library's own words have a letter of the text at most.
        Err(error) => return plain::lines(&error),
    };
    let text = std::str::from_utf8(bytes).expect("JSON is text");
    let written = job.to_json();
    let again = GatewayJob::parse(written.as_bytes()).expect("what was written can be read");
    assert!(job.same_work(&again), "{text}\n{written}");
    assert_eq!(again.to_json(), written);
    assert_eq!(texts(text), texts(&written));
    let digits = texts(text).remove("target").expect("it has a target");
    // Zeros in front are no JSON, so the digits are the number.
    assert_eq!(job.target.to_string(), digits);
    job.target_warning().iter().for_each(plain::message);

    let mut other = job.clone();
    other.set_share_target(job.network_target()).expect("a target is text");
    let again = GatewayJob::parse(other.to_json().as_bytes()).expect("what was written is read");
    assert_eq!(again.share_target, Some(job.network_target()));

    send_back(text.trim_matches([' ', '\t', '\n', '\r']), &job);
}

/// Keys and the text of their values.
fn texts(text: &str) -> BTreeMap<String, String> {
    let values: Values<'_> = serde_json::from_str(text).expect("it is an object");
    values.into_iter().map(|(key, value)| (key, value.get().to_owned())).collect()
}

/// A gateway sends it in one line, and a share of it is found.
fn send_back(text: &str, job: &GatewayJob) {
    let text = text.replace(['\n', '\r'], " ");
    let (endpoint, timing, dialect) = ("bench".into(), Timing::default(), Dialect::Gateway);
    let mut source = Source::new(SourceOptions { id: SourceId(0), endpoint, dialect, timing }, 1);
    let now = Duration::from_secs(1);
    source.activate(now);
    source.connected(now);
    source.received(format!("{{\"id\":1,\"result\":{text}}}\n").as_bytes(), now);
    let outputs = std::iter::from_fn(|| source.poll());
    let told = outputs.filter_map(|output| match output {
        Output::Event(SourceEvent::Job { job, .. }) => Some(job),
        _ => None,
    });
    let Some(told) = told.last() else {
        let nothing = job.share_target.unwrap_or(job.network_target()).is_zero();
        assert!(nothing || job.cert_version != 3, "a job that can be done is refused: {text}");
        return;
    };
    let Work::Pearl { header, .. } = &told.work else { panic!("{told:?}") };
    assert_eq!((header, &*told.context), (&job.header, &*text));
    let submission = Submission {
        share: ShareId([7; 32]),
        job: told.name.clone(),
        context: told.context.clone(),
        proof: Proof::Pearl(vec![1, 2, 3].into()),
    };
    source.submit(submission, now).expect("a share of the newest job");
    let outputs = std::iter::from_fn(|| source.poll());
    let line = outputs.filter_map(|output| match output {
        Output::Send(line) => Some(line),
        _ => None,
    });
    let line = line.last().expect("a share of the newest job is sent");
    let line: Line<'_> = serde_json::from_slice(&line).expect("what is sent is JSON");
    assert_eq!(line.params.mining_job.get(), text);
}
