//! What is refused, and with what words.

use expect_test::{Expect, expect};
use gemmine_config::{Config, Layer};

use crate::{bad, lines};

/// Every problem of a text.
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&bad(text));
}

#[test]
fn unknown_keys_come_with_the_nearest_one() {
    check(
        "[wrok]\n",
        expect![[r#"
        line 1: wrok is no table; did you mean `work`?
    "#]],
    );
    check(
        "[work]\nprotokol = 'pearl'\n",
        expect![[r#"
        line 2: work.protokol is no key; did you mean `protocol`?
    "#]],
    );
    check(
        "[work]\nlisten = '127.0.0.1:1'\n",
        expect![[r#"
        line 2: work.listen is no key; `listen` is one of [http]
    "#]],
    );
    check(
        "[log]\nxyz = 1\n",
        expect![[r#"
        line 2: log.xyz is no key; there are level, format
    "#]],
    );
    check(
        "protocol = 'pearl'\n",
        expect![[r#"
        line 1: protocol is a key of [work]: put it behind that line
    "#]],
    );
    check(
        "xyz = 1\n",
        expect![[r#"
        line 1: xyz is no table; there are work, source, device, failover, supervision, http, log
    "#]],
    );
    check(
        "[[device]]\ndevice = 'cpu'\nthread = 2\n",
        expect![[r#"
        line 3: device.thread is no key; did you mean `threads`?
    "#]],
    );
    check(
        "[work.x]\ny = 1\n",
        expect![[r#"
        line 1: work.x is no key; there are protocol, a, b, zero_signal, out, seed
    "#]],
    );
}

#[test]
fn secrets_do_not_belong_into_the_file() {
    check(
        "[[source]]\nkind = 'pool'\nendpoint = 'tcp://a:1'\nwallet = 'w'\npassword = 'hunter2'\n\
         [http]\nlisten = '127.0.0.1:1'\ntoken = 'hunter2'\n",
        expect![[r#"
            line 5: source.password would put a secret into this file; write it into a file of its own and name that by `password_file`, or give it by the environment, GEMMINE_SOURCE_<NAME>_PASSWORD
            line 8: http.token would put a secret into this file; write it into a file of its own and name that by `token_file`, or give it by the environment, GEMMINE_HTTP_TOKEN
        "#]],
    );
    let text = bad("[[source]]\nkind = 'pool'\nwallet = 'w'\nendpoint = 'tcp://u:hunter2@a:1'");
    assert!(text.contains("leave out the user name"), "{text}");
}

#[test]
fn types_and_ranges() {
    check(
        "[work]\nprotocol = 'perl'\nseed = -1\nout = 5\nzero_signal = '0x5'\n",
        expect![[r#"
        line 2: work.protocol is "perl": give pearl or amadeus
        line 3: work.seed is -1: give a whole number from 0 to 18446744073709551615
        line 4: work.out is 5: give a text in quotes
        line 5: work.zero_signal is "0x5": give rows and columns from 1 to 16777216, such as 4096x8192
    "#]],
    );
    check(
        "[supervision]\nrestart_min_s = nan\nquarantine_errors = 1.5\nquarantine_rate = 2\n\
         restart_max_s = '5'\n",
        expect![[r#"
            line 2: supervision.restart_min_s is NaN: give a number from 0.1 to 3600 (seconds)
            line 3: supervision.quarantine_errors is 1.5: give a whole number from 1 to 200
            line 4: supervision.quarantine_rate is 2: give a number from 0 to 1
            line 5: supervision.restart_max_s is "5": give a number from 0.1 to 86400 (seconds)
        "#]],
    );
    check(
        "[http]\nlisten = 'localhost:80'\nallowed_hosts = 'a'\n[log]\nlevel = 'debug'\nformat = true\n",
        expect![[r#"
            line 2: http.listen is "localhost:80": give an IP address and a port, such as 127.0.0.1:8647 or [::1]:8647
            line 3: http.allowed_hosts is "a": give a list, such as ["miner.lan"]
            line 5: log.level is "debug": give info, warning or error
            line 6: log.format is true or false: give text or json
        "#]],
    );
    check(
        "[http]\nlisten = '127.0.0.1:1'\nallowed_hosts = ['a:1']\n",
        expect![[r#"
        line 3: http.allowed_hosts is a list: "a:1" is no host name; give names without ports
    "#]],
    );
    check(
        "[[device]]\ndevice = 'fpga'\n[[device]]\ndevice = 'model'\ngeometry = '16x3'\ncount = 0\n\
         [[device]]\ndevice = 'serial:'\nbaud = 9600\nmax_baud = 1e9\n",
        expect![[r#"
            line 2: device[1].device is "fpga": give model, verilator, rtl, cpu, gpu, gpu:N or gpu:NAME, serial:auto, serial:PATH such as serial:/dev/ttyUSB1, pcie:ADDRESS such as pcie:0000:01:00.0, or vfio-user:SOCKET
            line 5: device[2].geometry is "16x3": give rows x columns, each 2, 4, 8 or 16, such as 16x16
            line 6: device[2].count is 0: give a whole number from 1 to 256
            line 8: device[3].device is "serial:": give model, verilator, rtl, cpu, gpu, gpu:N or gpu:NAME, serial:auto, serial:PATH such as serial:/dev/ttyUSB1, pcie:ADDRESS such as pcie:0000:01:00.0, or vfio-user:SOCKET
        "#]],
    );
    check(
        "[work]\nseed = 99999999999999999999999999\n",
        expect![[r#"
        line 2: work.seed is 99999999999999999999999999: give a whole number from 0 to 18446744073709551615
    "#]],
    );
    check(
        "work = 1\nsource = { kind = 'local' }\ndevice = ['cpu']\n",
        expect![[r#"
        line 1: work is a table: begin it with [work]
        line 2: source is a list of tables: begin each with [[source]]
        line 3: device is a list of tables: begin each with [[device]]
    "#]],
    );
}

#[test]
fn keys_that_do_not_go_together() {
    check(
        "[work]\na = 'A.npy'\n",
        expect![[r#"
        line 2: work.a needs work.b: give both operands, or neither
    "#]],
    );
    check(
        "[work]\na = 'A.npy'\nb = 'B.npy'\nzero_signal = '16x16'\n",
        expect![[r#"
        line 2: work.a does not go together with zero_signal; leave it out
        line 3: work.b does not go together with zero_signal; leave it out
    "#]],
    );
    check(
        "[work]\nprotocol = 'amadeus'\na = 'A.npy'\nb = 'B.npy'\n[[source]]\nkind = 'gateway'\n",
        expect![[r#"
            line 3: work.a means nothing for amadeus, which grows operands from a seed; leave it out
            line 4: work.b means nothing for amadeus, which grows operands from a seed; leave it out
            line 6: source[1].kind is gateway, which has jobs of pearl, and work.protocol is amadeus: give another kind or protocol = "pearl"
        "#]],
    );
    check(
        "[[source]]\nkind = 'local'\nendpoint = 'tcp://a:1'\nbits = 3\ntls_ca = 'x'\nwallet = 'w'\n\
         [[source]]\nkind = 'pool'\npoll_s = 3\n[[source]]\nendpoint = 'tcp://a:1'\n",
        expect![[r#"
            line 3: source[1].endpoint means nothing for a source of kind local; leave it out
            line 4: source[1].bits is for amadeus; a share of pearl has share_target; leave it out
            line 5: source[1].tls_ca means nothing for a source of kind local; leave it out
            line 6: source[1].wallet means nothing for a source of kind local; leave it out
            line 7: source[2].endpoint is missing: a source of kind pool needs one
            line 7: source[2].wallet is missing: a pool must know whom to pay
            line 9: source[2].poll_s means nothing for a source of kind pool; leave it out
            line 10: source[3].kind is missing: give gateway, pool, amadeus or local
            line 11: source[3].endpoint means nothing for a source of kind local; leave it out
        "#]],
    );
    check(
        "[[source]]\nkind = 'gateway'\ntls_ca = 'x'\n[[source]]\nkind = 'gateway'\nendpoint = 'http://a'\n",
        expect![[r#"
            line 3: source[1].tls_ca means nothing without tls:// or https://; leave it out
            line 6: source[2].endpoint is "http://a": a source of kind gateway takes tcp, tls, unix
        "#]],
    );
    check(
        "[[device]]\ndevice = 'cpu'\ngeometry = '4x4'\nbaud = 9600\n[[device]]\ndevice = 'model'\n\
         threads = 3\n[[device]]\ndevice = 'serial:/dev/ttyUSB0'\ncount = 2\nbaud = 9600\nmax_baud = 4800\n\
         [[device]]\nthreads = 1\n",
        expect![[r#"
            line 3: device[1].geometry is for simulated devices; leave it out
            line 4: device[1].baud is for devices behind a port; leave it out
            line 7: device[2].threads is for the processor; leave it out
            line 10: device[3].count is for simulated devices; leave it out
            line 12: device[3].max_baud is 4800, less than baud, 9600
            line 13: device[4].device is missing: give model, verilator, rtl, cpu, gpu, gpu:N, serial:auto, serial:PATH, pcie:ADDRESS or vfio-user:SOCKET
        "#]],
    );
    check(
        "[http]\nallowed_hosts = ['a']\n",
        expect![[r#"
        line 2: http.allowed_hosts means nothing without http.listen; leave it out
    "#]],
    );
    check(
        "[supervision]\nrestart_min_s = 10\nrestart_max_s = 5\n",
        expect![[r#"
        line 3: supervision.restart_max_s is 5, less than restart_min_s, 10: give at least as much
    "#]],
    );
}

#[test]
fn what_is_there_twice() {
    check(
        "[[source]]\nname = 'a-b'\nkind = 'local'\n[[source]]\nname = 'A_b'\nkind = 'local'\n",
        expect![[r#"
            line 5: source.name "A_b" is there twice, first at line 2: give each source a name that differs in letters or digits
        "#]],
    );
    check(
        "[[device]]\ndevice = 'cpu'\n[[device]]\ndevice = 'cpu'\nthreads = 3\n[[device]]\ndevice = 'model'\n\
         geometry = '4x4'\n[[device]]\ndevice = 'model'\ngeometry = '8x8'\n[[device]]\ndevice = 'model'\n\
         geometry = '4x4'\n",
        expect![[r#"
            line 4: device "cpu" is there twice, first at line 2: leave one out; `count` makes more of a simulated device, `threads` use more of a processor
            line 13: device "model" is there twice, first at line 7: leave one out; `count` makes more of a simulated device, `threads` use more of a processor
        "#]],
    );
    check(
        "[[device]]\ndevice = 'model'\ncount = 200\n[[device]]\ndevice = 'verilator'\ncount = 57\n",
        expect![[r#"
            line 5: these are 257 devices and more: 256 is the most
        "#]],
    );
    check(
        "[log]\nlevel = 'info'\nlevel = 'error'\n[log]\n",
        expect![[r#"
        line 3: this is no TOML: duplicate key
        line 4: this is no TOML: duplicate key
    "#]],
    );
}

#[test]
fn what_is_no_toml() {
    check(
        "[work\nprotocol = pearl\n[log]\nlevel = 'info\n",
        expect![[r#"
        line 1: this is no TOML: unclosed table, expected `]`
        line 4: this is no TOML: invalid literal string, expected `'`
    "#]],
    );
    check(
        "\u{1b}[31m = 1\n",
        expect![[r#"
        line 1: this is no TOML: key with no value, expected `=`
        line 1: this is no TOML: invalid unquoted key, expected letters, numbers, `-`, `_`
    "#]],
    );
}

#[test]
fn a_picture_shows_no_secret() {
    let text = "[[source]]\nkind = 'pool'\nwallet = 'w'\nendpoint = 'tcp://u:hunter2@a:1'\npassword = 'hunter2'\n";
    for problem in Config::parse(text).unwrap_err() {
        let picture = problem.picture(text);
        assert!(picture.is_none() && !problem.to_string().contains("hunter2"), "{problem}");
    }
}

#[test]
fn a_problem_has_a_picture() {
    let text = "[log]\n\tlevel = 'l\u{e4}ut'\n";
    let problems = Config::from_layers(&[Layer::file("g.toml", None, text)]).unwrap_err();
    let [problem] = &problems[..] else { panic!("{}", lines(&problems)) };
    assert_eq!(problem.line(), Some(2));
    expect![[r#"
        g.toml:2: log.level is "läut": give info, warning or error
          |
        2 |  level = 'läut'
          |          ^^^^^^
    "#]]
    .assert_eq(&format!("{problem}\n{}\n", problem.picture(text).unwrap()));
}
