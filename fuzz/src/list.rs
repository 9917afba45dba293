//! Which targets there are, with the longest input of each in bytes and what it reads. One list for the crate and for
//! `cargo xtask fuzz`, which does not want to build what the targets are made of.

/// Calls a macro with every target.
macro_rules! each_target {
    ($call:ident) => {
        $call! {
            pool, 8192, "lines of a Pearl pool, through its source, over reconnections";
            gateway, 8192, "lines of a pearl-gateway, through its source, over reconnections";
            gateway_job, 4096, "a gateway's job, and the share that goes back with it";
            node, 4096, "an Amadeus node's seeds, verdicts and failures, through its source";
            share_log, 8192, "the log of shares: opened, read, audited and written on";
            endpoint, 512, "addresses of sources";
            config, 4096, "a configuration: file, environment and flags";
            pearl_proof, 4096, "a Pearl proof, by edits of a recorded one or as it is";
            solution, 2048, "an Amadeus solution, by edits of a right one or as it is";
            chain, 2048, "what is sent to a local chain: a solution as bytes or base58";
            serial_frame, 2048, "frames on a board's line";
            serial_device, 4096, "what a board answers, through the serial driver";
            board, 1024, "what a host sends, through the model of a board";
            pcie_answers, 4096, "what a device behind PCI Express answers, through the driver";
            pcie_window, 2048, "what a host or guest writes to the model of a device behind PCI Express";
            board_toml, 4096, "a board's definition with its constraints";
            manifest, 4096, "the manifest of images";
            npy, 1024, "matrices in NumPy's files";
            control, 512, "a control that somebody posts to the miner's page";
            meter, 4096, "a meter's table of time and power"
        }
    };
}
