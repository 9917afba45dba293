//! Which keys there are: one table for what is read, what is refused, and what help says.

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As in the file.
    pub name: &'static str,
    /// One line for people.
    pub meaning: &'static str,
}

/// A table of the file.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// As in the file.
    pub name: &'static str,
    /// There can be several: `[[source]]`.
    pub many: bool,
    /// What can be in it.
    pub keys: &'static [Key],
}

/// The variable that names the file.
pub const FILE_VARIABLE: &str = "GEMMINE_CONFIG";
/// First word of the variables of the environment.
pub const PREFIX: &str = "GEMMINE";

const fn key(name: &'static str, meaning: &'static str) -> Key {
    Key { name, meaning }
}

/// Every table.
pub const TABLES: &[Table] = &[WORK, SOURCE, DEVICE, FAILOVER, SUPERVISION, HTTP, LOG];

/// What is worked on.
pub const WORK: Table = Table {
    name: "work",
    many: false,
    keys: &[
        key("protocol", "pearl or amadeus"),
        key("a", "left operand, .npy, int8; with b"),
        key("b", "right operand, .npy, int8; with a"),
        key("zero_signal", "instead of a and b: MxN zeros, which are of no use to anybody"),
        key("out", "folder for the log of shares and for proofs"),
        key("seed", "seed of the nonces"),
    ],
};

/// Where jobs come from.
pub const SOURCE: Table = Table {
    name: "source",
    many: true,
    keys: &[
        key("name", "letters, digits, `-` and `_`"),
        key("kind", "gateway, pool, amadeus or local"),
        key(
            "endpoint",
            "tcp://HOST:PORT, tls://HOST:PORT, unix:///PATH, http://HOST or https://HOST",
        ),
        key("priority", "lower is asked first"),
        key("wallet", "whom a pool pays"),
        key("worker", "what a pool calls this miner"),
        key("password_file", "file with the pool's password"),
        key("tls_ca", "certificates (PEM) to trust instead of the public authorities'"),
        key("job_timeout_s", "silence after which a source counts as lost"),
        key("notify_timeout_s", "time without a new job after which a pool is connected to anew"),
        key("poll_s", "time between two questions for a job"),
        key("bits", "leading zero bits that an Amadeus share needs"),
        key("share_target", "local: 64 hex digits, before scaling"),
        key("interval_s", "local: time between two jobs"),
    ],
};

/// What computes.
pub const DEVICE: Table = Table {
    name: "device",
    many: true,
    keys: &[
        key(
            "device",
            "model, verilator, rtl, cpu, gpu, gpu:N, gpu:NAME, serial:PATH, serial:auto, pcie:ADDRESS or vfio-user:SOCKET",
        ),
        key("geometry", "physical array of a simulated device, PxQ"),
        key("threads", "cpu: threads that compute"),
        key("count", "so many simulated devices of this kind"),
        key("baud", "serial: the board's first rate in bits a second"),
        key("max_baud", "serial: the highest rate to go to"),
    ],
};

/// When another source is asked.
pub const FAILOVER: Table = Table {
    name: "failover",
    many: false,
    keys: &[
        key("patience_s", "time without a job before the next source is asked"),
        key("stable_s", "time that a better source must be there before it is gone back to"),
    ],
};

/// What becomes of devices that fail.
pub const SUPERVISION: Table = Table {
    name: "supervision",
    many: false,
    keys: &[
        key("restart_min_s", "wait before a device that failed is opened again, at first"),
        key("restart_max_s", "the same at most; it doubles with every failure"),
        key(
            "quarantine_errors",
            "wrong answers among the newest 200 that a device is quarantined for",
        ),
        key("quarantine_rate", "part of those answers that must be wrong besides"),
    ],
};

/// The server of status, metrics and page.
pub const HTTP: Table = Table {
    name: "http",
    many: false,
    keys: &[
        key("listen", "ADDRESS:PORT; without it there is no server"),
        key("token_file", "file with the token that changes need"),
        key("allowed_hosts", "more names by which the server may be called"),
    ],
};

/// What is logged.
pub const LOG: Table = Table {
    name: "log",
    many: false,
    keys: &[key("level", "info, warning or error"), key("format", "text or json")],
};

/// Keys that would be a secret in a file, and what to write instead.
pub const SECRETS: &[(&str, &str, &str)] =
    &[("source", "password", "password_file"), ("http", "token", "token_file")];

/// Whether a line of a file seems to give a secret.
pub(crate) fn has_secret(line: &str) -> bool {
    let name = line.split('=').next().unwrap_or_default().trim();
    SECRETS.iter().any(|(_, secret, _)| *secret == name)
}

impl Table {
    /// Whether it has a key.
    pub fn has(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name == name)
    }
}

/// The table of this name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// The variable that says what a key of a table says.
pub fn variable(table: &str, key: &str) -> String {
    format!("{PREFIX}_{table}_{key}").to_uppercase()
}

/// The variable with the password of a source: `GEMMINE_SOURCE_POOL1_PASSWORD`.
pub fn password_variable(source: &str) -> String {
    variable("source", &format!("{}_password", source.replace('-', "_")))
}

/// The variable with the server's token.
pub fn token_variable() -> String {
    variable("http", "token")
}

/// Variables that say what keys say, each with its meaning. Sources and devices have none, but for passwords.
pub fn variables() -> Vec<(String, &'static str)> {
    let single = TABLES.iter().filter(|table| !table.many);
    let pairs = single.flat_map(|table| table.keys.iter().map(|key| (table.name, key)));
    let file = std::iter::once((FILE_VARIABLE.to_owned(), "the configuration's file"));
    let keys = pairs.map(|(table, key)| (variable(table, key.name), key.meaning));
    let mut variables: Vec<(String, &str)> = file.chain(keys).collect();
    variables.push((token_variable(), "the token that changes need"));
    variables.push((
        "GEMMINE_SOURCE_<NAME>_PASSWORD".into(),
        "a pool's password; NAME is the source's in capitals, `_` for `-`",
    ));
    variables
}

/// The candidate that is most like a word, if one is like it.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Somebody else's text may be long, and likeness costs the product of the lengths.
    if word.len() > 64 {
        return None;
    }
    let scored = candidates.map(|candidate| (strsim::jaro_winkler(word, candidate), candidate));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness > 0.8).map(|(_, candidate)| candidate)
}
