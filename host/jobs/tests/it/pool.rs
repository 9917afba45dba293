//! A pool, over everything that a connection goes over.

use gemmine_jobs::source::report::SourceState;

use crate::peer::{Peer, TRANSPORTS};
use crate::support::{Setup, let_in, notify, submission, submit_line, yes};

#[test]
fn shares_come_through_breaks_once() {
    for transport in TRANSPORTS {
        let peer = Peer::new(transport);
        let running = Setup::pool(&peer).start();
        let mut pool = peer.accept();
        assert_eq!(let_in(&mut pool), 1);
        pool.say(&notify("a"));
        assert_eq!(running.told(), "up");
        let job = running.job();
        for number in [1, 2] {
            running.submit(submission(number, &job, 3));
            assert_eq!(pool.hear(), submit_line(u64::from(number) + 1, number, "a"));
            assert_eq!(running.told(), format!("sent {number}"));
        }
        pool.say(&yes(3));
        assert_eq!(running.told(), "2 accepted");
        pool.close();
        assert_eq!(running.told(), "down: it has closed the connection", "{transport:?}");
        // Found while nobody is there.
        running.submit(submission(3, &job, 3));

        let mut pool = peer.accept();
        assert_eq!(let_in(&mut pool), 4);
        pool.say(&notify("a"));
        let mut heard = [pool.hear(), pool.hear()];
        heard.sort();
        assert_eq!(heard, [submit_line(5, 1, "a"), submit_line(6, 3, "a")]);
        // In another order than asked, and twice.
        pool.say(&yes(6));
        pool.say(&yes(6));
        pool.say(r#"{"id":"5","result":null,"error":[22,"duplicate share",null]}"#);
        let told = [(); 6].map(|()| running.told());
        assert_eq!(told, ["up", "job a", "sent 1", "sent 3", "3 accepted", "1 known"]);
        // In the middle of a line.
        pool.send(b"{\"id\":null,\"meth").unwrap();
        drop(pool);
        assert!(running.told().starts_with("down: "));

        let mut pool = peer.accept();
        let_in(&mut pool);
        pool.say(&notify("b"));
        assert_eq!([(); 2].map(|()| running.told()), ["up", "job b"]);
        let report = running.handle.report();
        assert_eq!((report.shares.accepted, report.shares.pending), (3, 0));
        assert_eq!((report.connections, report.state), (3, SourceState::Up));
        // Nothing else was sent, and the end of the handle is that of the connection.
        drop(running);
        assert!(pool.is_closed());
    }
}

#[test]
fn every_error_has_its_verdict() {
    let peer = Peer::new(crate::peer::Transport::Tcp);
    let running = Setup::pool(&peer).start();
    let mut pool = peer.accept();
    let_in(&mut pool);
    pool.say(&notify("a"));
    running.told();
    let job = running.job();
    for (code, expected) in [
        (20, "rejected 20: no"),
        (21, "stale: no"),
        (22, "known"),
        (23, "rejected 23: no"),
        (25, "rejected 25: no"),
        // The last, as it ends the connection.
        (24, "rejected 24: no"),
    ] {
        running.submit(submission(code, &job, 3));
        let asked: serde_json::Value = serde_json::from_str(&pool.hear()).unwrap();
        let request = asked["id"].as_u64().unwrap();
        let error = format!(r#"{{"code":{code},"message":"no"}}"#);
        pool.say(&format!(r#"{{"id":{request},"result":null,"error":{error}}}"#));
        assert_eq!(running.told(), format!("sent {code}"));
        assert_eq!(running.told(), format!("{code} {expected}"));
    }
    assert!(running.told().starts_with("down: unauthorised: no; check wallet"));
    assert!(pool.is_closed());
    assert_eq!(running.handle.report().state, SourceState::BackOff);
}
