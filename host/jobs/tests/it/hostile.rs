//! Peers that misbehave: what they do is bounded, named, and over with the connection.

use std::time::Duration;

use crossbeam_channel::TryRecvError;
use gemmine_jobs::source::handle::Command;

use crate::peer::{Connection, Peer, TRANSPORTS, Transport};
use crate::support::{PATIENCE, Running, Setup, let_in, notify, submission, text, yes};

/// A pool with a source that it has let in.
fn pool(setup: impl FnOnce(Setup) -> Setup) -> (Peer, Connection, Running) {
    let peer = Peer::new(Transport::Tcp);
    let running = setup(Setup::pool(&peer)).start();
    let mut pool = peer.accept();
    let_in(&mut pool);
    assert_eq!(running.told(), "up");
    (peer, pool, running)
}

#[test]
fn bytes_that_dribble_are_lines_all_the_same() {
    let (_peer, mut pool, running) = pool(|setup| setup);
    for byte in format!("\r\n{}\r\n", notify("a")).bytes() {
        pool.send(&[byte]).unwrap();
    }
    assert_eq!(running.told(), "job a");
}

#[test]
fn a_line_without_end_is_cut_off() {
    for transport in [Transport::Tcp, Transport::Tls] {
        let peer = Peer::new(transport);
        let running = Setup::pool(&peer).start();
        let mut pool = peer.accept();
        let_in(&mut pool);
        assert_eq!(running.told(), "up");
        let megabyte = vec![b'x'; 1 << 20];
        // What fits into the system's buffers on the way is written; what would have to be read is not.
        let taken = (0..100).take_while(|_| pool.send(&megabyte).is_ok()).count();
        assert!(taken < 50, "{taken} MiB of one line were taken");
        let told = running.told();
        assert!(told.starts_with("down: a line is longer than 1048576 bytes"), "{told}");
        // The next connection is as good as new.
        let mut pool = peer.accept();
        let_in(&mut pool);
        pool.say(&notify("a"));
        assert_eq!([(); 2].map(|()| running.told()), ["up", "job a"]);
    }
}

#[test]
fn what_is_no_json_ends_a_connection() {
    let deep = "[".repeat(1_000_000);
    let lines: [&[u8]; 5] =
        [b"hello", b"\xff\xfe{}", b"[1,2]", deep.as_bytes(), b"{\"id\":1,\"result\":\xc3\x28}"];
    let (peer, mut pool, running) = pool(|setup| setup);
    for line in lines {
        pool.send(&[line, b"\n"].concat()).unwrap();
        let told = running.told();
        assert!(told.starts_with("down: it sent ") && told.len() < 300, "{told}");
        pool = peer.accept();
        let_in(&mut pool);
        assert_eq!(running.told(), "up");
    }
}

#[test]
fn the_newest_of_many_jobs_wins_and_no_share_is_sent_for_another() {
    let (_peer, mut pool, running) = pool(|setup| setup);
    let jobs = 5_000;
    let flood: String = (0..jobs).map(|number| notify(&number.to_string()) + "\n").collect();
    pool.send(flood.as_bytes()).unwrap();
    let mut first = None;
    for number in 0..jobs {
        let job = running.job();
        assert_eq!(*job.name, number.to_string());
        let first = first.get_or_insert(job.clone());
        if number + 1 == jobs {
            running.submit(submission(1, first, 3));
            running.submit(submission(2, &job, 3));
        }
    }
    assert!(pool.hear().contains(&format!("\"job_id\":\"{}\"", jobs - 1)));
    assert_eq!(running.told(), "1 stale: job 0 is over: 4999 has followed");
    assert_eq!(running.told(), "sent 2");
}

#[test]
fn a_flood_waits_where_it_comes_from() {
    // Nobody takes events, so nothing more is read, so the peer can't write on.
    let (_peer, mut pool, running) = pool(|setup| Setup { room: Some(2), ..setup });
    pool.write_timeout(Duration::from_millis(300));
    let mut written = 0;
    let piece: String = (0..200).map(|number| notify(&number.to_string()) + "\n").collect();
    while pool.send(piece.as_bytes()).is_ok() {
        written += piece.len();
        assert!(written < 100 << 20, "{} MiB of jobs were taken", written >> 20);
    }
    // All that was written comes in the end, in order, and the connection lives.
    for number in 0..200 {
        assert_eq!(running.told(), format!("job {number}"));
    }
}

#[test]
fn a_full_channel_does_not_keep_a_thread_alive() {
    let (_peer, mut pool, running) = pool(|setup| Setup { room: Some(1), ..setup });
    for number in 0..10 {
        pool.say(&notify(&number.to_string()));
    }
    // It has begun; nobody takes the others.
    assert_eq!(running.told(), "job 0");
    // The thread waits for room that never comes; without its handle it ends.
    let Running { handle, events } = running;
    drop(handle);
    assert!(pool.is_closed());
    while let Ok((_, event)) = events.recv_timeout(PATIENCE) {
        assert!(text(&event).starts_with("job "));
    }
    assert_eq!(events.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn a_peer_that_takes_nothing_is_left() {
    for transport in TRANSPORTS {
        let peer = Peer::new(transport);
        let mut setup = Setup::pool(&peer);
        setup.socket.write_timeout = Duration::from_secs(2);
        let running = setup.start();
        let mut pool = peer.accept();
        let_in(&mut pool);
        pool.say(&notify("a"));
        assert_eq!(running.told(), "up");
        let job = running.job();
        // More than any buffer on the way holds.
        running.submit(submission(1, &job, 30 << 20));
        assert_eq!(running.told(), "down: it takes nothing for 2 s");
        drop(pool);
        // It was not sent, and is tried again when its job is announced.
        let mut pool = peer.accept();
        let_in(&mut pool);
        pool.say(&notify("a"));
        assert_eq!([(); 2].map(|()| running.told()), ["up", "job a"]);
        assert!(pool.hear().len() > 30 << 20);
        assert_eq!(running.told(), "sent 1", "{transport:?}");
    }
}

#[test]
fn silence_is_a_break() {
    let (peer, mut pool, running) = pool(|mut setup| {
        setup.timing.job_timeout = Duration::from_secs(2);
        setup
    });
    assert_eq!(running.told(), "down: nothing has come for 2 s");
    assert!(pool.is_closed());
    let_in(&mut peer.accept());
    assert_eq!(running.told(), "up");
}

#[test]
fn a_share_without_an_answer_is_given_up() {
    let (_peer, mut pool, running) = pool(|mut setup| {
        setup.timing.answer_timeout = Duration::from_secs(2);
        setup
    });
    pool.say(&notify("a"));
    let job = running.job();
    running.submit(submission(1, &job, 3));
    assert_eq!(running.told(), "sent 1");
    assert_eq!(running.told(), "1 unanswered: no answer within 2 s");
    pool.hear();
    // Too late; and it is not sent again, whoever asks.
    pool.say(&yes(2));
    running.submit(submission(1, &job, 3));
    pool.say(&notify("b"));
    assert_eq!(running.told(), "job b");
    running.handle.command(Command::Off);
    assert_eq!(running.told(), "down: switched off");
    assert!(pool.is_closed());
}
