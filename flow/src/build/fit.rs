//! Whether a device fits: what nextpnr's log says it takes, before it tries to place it.

/// The kinds of cells that a device takes more of than there are, as `22 of 16 CELL`.
pub(super) fn too_many(log: &str) -> Vec<String> {
    log.lines().filter_map(over).collect()
}

/// `Info:  ICESTORM_LC: 11568/ 5280  219%`, if it is too much.
fn over(line: &str) -> Option<String> {
    let (cell, counts) = line.strip_prefix("Info:")?.trim().split_once(':')?;
    let (used, rest) = counts.split_once('/')?;
    let (available, percent) = rest.trim().split_once(' ')?;
    percent.trim().strip_suffix('%')?;
    let (used, available): (u64, u64) = (used.trim().parse().ok()?, available.parse().ok()?);
    // nextpnr counts a gated clock's DQCE beside all that it makes itself, and then takes it into one of those.
    (used > available && cell != "DQCE").then(|| format!("{used} of {available} {cell}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_there_are_too_few_of_are_found() {
        let log = "Info: Device utilisation:\n\
                   Info: \t         ICESTORM_LC:   11568/   5280   219%\n\
                   Info: \t        ICESTORM_RAM:      28/     30    93%\n\
                   Info: \t        ICESTORM_PLL:       1/      1   100%\n\
                   Info: \t                DQCE:      25/     24   104%\n\
                   Info: at 3/4: no\n\
                   ERROR: Unable to place cell 'a/b: 9/1 900%'\n";
        assert_eq!(too_many(log), ["11568 of 5280 ICESTORM_LC"]);
    }
}
