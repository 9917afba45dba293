//! One table on its way into types: every key is read once, noted with its origin, and named when it is wrong.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::{Choice, Entry, Shown};
use crate::layer::{Given, Keys, Raw, shown};
use crate::origin::{Origin, Problem, Setting};

/// What has been found so far.
#[derive(Default)]
pub(super) struct Report {
    pub problems: Vec<Problem>,
    pub entries: Vec<Entry>,
}

/// A table, over all layers.
pub(super) struct Section<'a> {
    /// `work`, or `source[1]`.
    pub name: String,
    /// What layers say, the one that counts first.
    pub layers: Vec<&'a Keys>,
    pub report: &'a mut Report,
}

/// A value, or what is wrong with it: continues "KEY is VALUE: ".
pub(super) type Reading<T> = Result<T, String>;

impl<'a> Section<'a> {
    /// What counts for a key.
    pub fn given(&self, key: &str) -> Option<&'a Given> {
        self.layers.iter().find_map(|keys| keys.given.get(key))
    }

    /// Where the table begins.
    pub fn origin(&self) -> Origin {
        self.layers.first().map_or(Origin::Default, |keys| keys.origin.clone())
    }

    /// Reads a key that can be left out. A wrong value is reported, and counts as left out from then on.
    pub fn optional<T: Show>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Given) -> Reading<T>,
    ) -> Option<Setting<T>> {
        let setting = self.read(key, read);
        let (value, origin) = match &setting {
            Some(setting) => (setting.value.show(), setting.origin.clone()),
            None => (Shown::Nothing, Origin::Default),
        };
        self.note(key, value, &origin);
        setting
    }

    /// Reads a key that has a default.
    pub fn or<T: Show>(
        &mut self,
        key: &str,
        default: T,
        read: impl FnOnce(&Given) -> Reading<T>,
    ) -> Setting<T> {
        let setting = self.read(key, read).unwrap_or_else(|| Setting::default_of(default));
        self.note(key, setting.value.show(), &setting.origin);
        setting
    }

    /// Reads a key without noting it.
    pub fn read<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Given) -> Reading<T>,
    ) -> Option<Setting<T>> {
        let given = self.given(key)?;
        match read(given) {
            Ok(value) => Some(Setting { value, origin: given.origin.clone() }),
            Err(why) => {
                let text = format!("{}.{key} is {}: {why}", self.name, seen(&given.raw));
                self.report.problems.push(Problem::new(&given.origin, text));
                None
            }
        }
    }

    /// Notes an effective value.
    pub fn note(&mut self, key: &str, value: Shown, origin: &Origin) {
        let key = format!("{}.{key}", self.name);
        self.report.entries.push(Entry { key, value, origin: origin.to_string() });
    }

    /// Reports what is wrong with a key as a whole; `text` continues its name.
    pub fn wrong(&mut self, key: &str, text: impl Display) {
        let origin = self.given(key).map_or_else(|| self.origin(), |given| given.origin.clone());
        let text = format!("{}.{key} {text}", self.name);
        self.report.problems.push(Problem::new(&origin, text));
    }

    /// Refuses keys that mean nothing here.
    pub fn refuse(&mut self, keys: &[&str], why: impl Display) {
        for key in keys {
            if let Some(given) = self.given(key) {
                let text = format!("{}.{key} {why}; leave it out", self.name);
                self.report.problems.push(Problem::new(&given.key_origin, text));
            }
        }
    }
}

/// A raw value in a message.
fn seen(raw: &Raw) -> String {
    match raw {
        Raw::Text(text) | Raw::Words(text) => match text.rsplit_once('@') {
            // There may be a password before it, and messages end up in logs.
            Some((_, rest)) => format!("\"...@{}\"", shown(rest)),
            None => format!("\"{}\"", shown(text)),
        },
        Raw::Whole(number) => number.to_string(),
        Raw::Number(number) => number.to_string(),
        Raw::List(_) => "a list".into(),
        Raw::Other(what) => (*what).into(),
    }
}

/// A text of 1 to 256 characters that a terminal can show.
pub(super) fn text(given: &Given) -> Reading<String> {
    let (Raw::Text(text) | Raw::Words(text)) = &given.raw else {
        return Err("give a text in quotes".into());
    };
    match text.len() {
        0 => Err("give a text that is not empty, or leave it out".into()),
        1..=1024 if !text.contains(char::is_control) => Ok(text.clone()),
        _ => Err("give a text of at most 1024 bytes without control characters".into()),
    }
}

/// A text that a function understands.
pub(super) fn parsed<T, E: Display>(
    parse: impl Fn(&str) -> Result<T, E>,
) -> impl Fn(&Given) -> Reading<T> {
    move |given| parse(&text(given)?).map_err(|error| error.to_string())
}

/// One of a few words.
pub(super) fn choice<T: Choice>(given: &Given) -> Reading<T> {
    let (words, last) = T::WORDS.split_at(T::WORDS.len() - 1);
    let join = |words: &[(&'static str, T)]| {
        words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
    };
    let text = text(given).unwrap_or_default();
    let found = T::WORDS.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| format!("give {} or {}", join(words), join(last)))
}

/// A path, from the folder that its layer begins in.
pub(super) fn path(given: &Given) -> Reading<PathBuf> {
    Ok(given.path(&text(given)?))
}

/// An address and a port.
pub(super) fn address(given: &Given) -> Reading<SocketAddr> {
    let remedy = "give an IP address and a port, such as 127.0.0.1:8647 or [::1]:8647";
    text(given)?.parse().map_err(|_| remedy.into())
}

/// A whole number in a range.
pub(super) fn whole(range: RangeInclusive<u64>) -> impl Fn(&Given) -> Reading<u64> {
    move |given| {
        let number = match &given.raw {
            Raw::Whole(number) => u64::try_from(*number).ok(),
            Raw::Words(words) => words.parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        let (least, most) = (range.start(), range.end());
        number.ok_or_else(|| format!("give a whole number from {least} to {most}"))
    }
}

/// The same in 32 bits.
pub(super) fn whole32(range: RangeInclusive<u32>) -> impl Fn(&Given) -> Reading<u32> {
    let wide = whole(u64::from(*range.start())..=u64::from(*range.end()));
    move |given| wide(given).and_then(|number| u32::try_from(number).map_err(|e| e.to_string()))
}

/// A number in a range.
pub(super) fn number(range: RangeInclusive<f64>) -> impl Fn(&Given) -> Reading<f64> {
    move |given| {
        let number = match &given.raw {
            Raw::Whole(number) => Some(*number as f64),
            Raw::Number(number) => Some(*number),
            Raw::Words(words) => words.parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        let (least, most) = (range.start(), range.end());
        number.ok_or_else(|| format!("give a number from {least} to {most}"))
    }
}

/// A number of seconds in a range.
pub(super) fn seconds(range: RangeInclusive<f64>) -> impl Fn(&Given) -> Reading<Duration> {
    let number = number(range);
    move |given| {
        let seconds = number(given).map_err(|why| format!("{why} (seconds)"))?;
        Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
    }
}

/// Several texts; in the environment and in flags with commas between.
pub(super) fn texts(given: &Given) -> Reading<Vec<String>> {
    let words = |raw: &Raw| match raw {
        Raw::Text(text) => Ok(text.clone()),
        _ => Err("give a list of texts, such as [\"miner.lan\"]".to_owned()),
    };
    match &given.raw {
        Raw::Words(text) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Ok(parts.map(str::to_owned).collect())
        }
        Raw::List(list) => list.iter().map(words).collect(),
        raw => words(raw).and(Err("give a list, such as [\"miner.lan\"]".into())),
    }
}

/// What can be noted.
pub(super) trait Show {
    fn show(&self) -> Shown;
}

macro_rules! show {
    ($($type:ty: $self:ident => $shown:expr;)+) => {
        $(impl Show for $type {
            fn show(&self) -> Shown {
                let $self = self;
                $shown
            }
        })+
    };
}

show! {
    String: text => Shown::Text(text.clone());
    PathBuf: path => Shown::Text(path.display().to_string());
    u64: number => Shown::Whole(*number);
    u32: number => Shown::Whole((*number).into());
    f64: number => Shown::Number(*number);
    Duration: time => Shown::Number(time.as_secs_f64());
    Vec<String>: texts => Shown::List(texts.clone());
    SocketAddr: address => Shown::Text(address.to_string());
    crate::Endpoint: endpoint => Shown::Text(endpoint.to_string());
    crate::config::DeviceName: name => Shown::Text(name.to_string());
    crate::config::Geometry: geometry => Shown::Text(geometry.to_string());
    [u8; 32]: bytes => Shown::Text(bytes.iter().map(|byte| format!("{byte:02x}")).collect());
}

impl<T: Choice> Show for T {
    fn show(&self) -> Shown {
        Shown::Text(self.word().to_owned())
    }
}
