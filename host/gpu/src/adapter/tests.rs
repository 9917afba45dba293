//! Which of several is meant.

use super::*;

fn adapter(number: usize, name: &str, kind: AdapterKind) -> Adapter {
    Adapter {
        number,
        name: name.into(),
        kind,
        driver: "a driver".into(),
        pci_address: String::new(),
        binding_bytes: 1 << 27,
    }
}

fn machine() -> Vec<Adapter> {
    vec![
        adapter(0, "llvmpipe (LLVM 15.0.6, 256 bits)", AdapterKind::Software),
        adapter(1, "Intel(R) UHD Graphics 770", AdapterKind::Integrated),
        adapter(2, "NVIDIA GeForce RTX 4090", AdapterKind::Discrete),
        adapter(3, "NVIDIA GeForce RTX 3060", AdapterKind::Discrete),
    ]
}

fn chosen(text: &str, adapters: &[Adapter]) -> Result<usize, String> {
    let choice: Choice = text.parse().unwrap();
    choice.of(adapters).map(|found| found.number).map_err(|error| error.to_string())
}

#[test]
fn a_card_is_chosen_by_nothing_number_or_name() {
    let all = machine();
    for (text, number) in [("", 2), ("0", 0), ("3", 3), ("llvm", 0), ("RTX 3060", 3), ("intel", 1)]
    {
        assert_eq!(chosen(text, &all), Ok(number), "{text}");
    }
    assert_eq!(chosen("", &all[..2]), Ok(1));
    assert_eq!(chosen("", &all[..1]), Ok(0));
}

#[test]
fn what_is_not_there_or_not_clear_is_named() {
    let all = machine();
    for (text, parts) in [
        ("4", ["\"gpu:4\"", "gpu:2 NVIDIA GeForce RTX 4090"]),
        ("radeon", ["\"gpu:radeon\"", "gpu:0 llvmpipe"]),
        ("nvidia", ["several", "gpu:3 NVIDIA GeForce RTX 3060"]),
    ] {
        let error = chosen(text, &all).unwrap_err();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
    assert!(chosen("", &[]).unwrap_err().contains("mesa-vulkan-drivers"));
}

#[test]
fn what_is_shown_can_be_read_again() {
    for text in ["", "0", "17", "RTX 4090"] {
        let choice: Choice = text.parse().unwrap();
        let shown = choice.to_string();
        assert_eq!(shown.strip_prefix("gpu").unwrap().trim_start_matches(':'), text);
    }
}
