//! A source of Amadeus against a node behind HTTP.

use std::time::Instant;

use crossbeam_channel::unbounded;
use gemmine_jobs::amadeus::node::{Node, NodeOptions};
use gemmine_jobs::source::amadeus::{AmadeusOptions, spawn};
use gemmine_jobs::source::handle::Command;
use gemmine_jobs::work::{Proof, ShareId, SourceEvent, SourceId, Submission};
use gemmine_pouw::amadeus::{SEED_BYTES, SOLUTION_BYTES};

use crate::peer::{Peer, Transport};
use crate::support::{PATIENCE, text};

/// An answer of HTTP.
fn answer(body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[test]
fn a_share_survives_a_node_that_breaks() {
    let peer = Peer::new(Transport::Tcp);
    let url = peer.endpoint.to_string().replace("tcp:", "http:");
    let node = Node::new(&url, NodeOptions::default()).unwrap();
    let (sender, events) = unbounded();
    let options = AmadeusOptions::new(SourceId(4), 7);
    let handle = spawn(options, node, 1, sender, Instant::now()).unwrap();
    let next = || events.recv_timeout(PATIENCE).unwrap().1;

    handle.command(Command::Activate);
    let mut call = peer.accept();
    assert_eq!(call.hear(), "GET /api/upow/seed HTTP/1.1\r");
    call.send(&answer(&[1; SEED_BYTES])).unwrap();
    assert_eq!(text(&next()), "up");
    let SourceEvent::Job { job, .. } = next() else { panic!("no job") };

    let (name, context) = (job.name.clone(), job.context.clone());
    let proof = Proof::Amadeus(Box::new([3; SOLUTION_BYTES]));
    let share = ShareId([3; 32]);
    handle.command(Command::Submit(Submission { share, job: name, context, proof }));
    assert_eq!(text(&next()), "sent 3");
    // The node hears it and breaks before it answers; questions for a seed may come between.
    let mut tries = 0;
    let mut told = Vec::new();
    while told.last().is_none_or(|last| last != "3 accepted") {
        let mut call = peer.accept();
        if call.hear().starts_with("GET") {
            call.send(&answer(&[1; SEED_BYTES])).unwrap();
            continue;
        }
        tries += 1;
        if tries == 1 {
            drop(call);
            let down = text(&next());
            assert!(down.starts_with("down: ask http://"), "{down}");
            continue;
        }
        // The whole request, or its rest would cut the answer off.
        while call.hear() != "\r" {}
        call.skip(SOLUTION_BYTES);
        call.send(&answer(br#"{"valid":true,"valid_math":true}"#)).unwrap();
        told.extend(std::iter::repeat_with(|| text(&next())).take(4));
    }
    assert_eq!(tries, 2);
    assert_eq!(told, ["up", &format!("job {}", job.name), "sent 3", "3 accepted"]);
    let report = handle.report();
    assert_eq!((report.shares.accepted, report.kind), (1, "amadeus"));
}
