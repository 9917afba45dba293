//! Matrix files: layouts, lying headers, random bytes.

use proptest::prelude::*;

use super::*;

fn file(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    match version {
        1 => bytes.extend((header.len() as u16).to_le_bytes()),
        _ => bytes.extend((header.len() as u32).to_le_bytes()),
    }
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn header(descr: &str, fortran: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n")
}

fn parse_all(bytes: &[u8]) -> Result<Operand, NpyError> {
    read(bytes, bytes.len() as u64)
}

fn check_error(bytes: &[u8], expected: &str) {
    let message = parse_all(bytes).unwrap_err().to_string();
    assert!(message.contains(expected), "{message:?} does not contain {expected:?}");
}

#[test]
fn int8_in_c_and_fortran_order_and_all_versions() {
    for version in [1, 2, 3] {
        let bytes = file(version, &header("|i1", "False", "(2, 3)"), &[1, 2, 3, 4, 5, 0x80]);
        let Operand::Int8(matrix) = parse_all(&bytes).unwrap() else { panic!("dtype") };
        assert_eq!((matrix.rows, matrix.columns), (2, 3));
        assert_eq!(matrix.values, [1, 2, 3, 4, 5, -128]);

        let bytes = file(version, &header("|i1", "True", "(2, 3)"), &[1, 4, 2, 5, 3, 0x80]);
        let Operand::Int8(fortran) = parse_all(&bytes).unwrap() else { panic!("dtype") };
        assert_eq!(fortran, matrix);
    }
}

#[test]
fn float32_in_both_byte_orders() {
    let values = [1.5_f32, -2.25];
    let little: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let big: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
    for (descr, data) in [("<f4", little), (">f4", big)] {
        let bytes = file(1, &header(descr, "False", "(1, 2)"), &data);
        let Operand::Float32(matrix) = parse_all(&bytes).unwrap() else { panic!("dtype") };
        assert_eq!(matrix.values, values);
    }
}

#[test]
fn empty_matrices_keep_their_shape() {
    let bytes = file(1, &header("|i1", "True", "(0, 7)"), &[]);
    let Operand::Int8(matrix) = parse_all(&bytes).unwrap() else { panic!("dtype") };
    assert_eq!((matrix.rows, matrix.columns, matrix.values.len()), (0, 7, 0));
}

#[test]
fn errors_name_dtype_shape_and_remedy() {
    check_error(b"", "not a .npy file");
    check_error(b"hello, world", "write one with numpy.save()");
    check_error(&file(9, "", &[]), ".npy version is 9");
    check_error(&file(1, &header("<f8", "False", "(1, 1)"), &[0; 8]), "dtype is <f8 (shape 1 x 1)");
    check_error(
        &file(1, &header("|i1", "False", "(4,)"), &[0; 4]),
        "[4] (dtype |i1) has 1 dimensions",
    );
    check_error(&file(1, &header("|i1", "False", "()"), &[0]), "has 0 dimensions");
    check_error(
        &file(1, &header("|i1", "False", "(2, 2)"), &[0; 3]),
        "needs 4 bytes of data, but 3",
    );
    check_error(
        &file(1, &header("|i1", "False", "(2, 2)"), &[0; 5]),
        "needs 4 bytes of data, but 5",
    );
    check_error(&file(1, &header("|i1", "False", "(-1, 2)"), &[]), "negative");
    check_error(&file(1, "{'descr': [('x', '|i1')]}", &[]), "structured dtypes are not supported");
    check_error(&file(1, "{'descr'", &[]), "can't be parsed");
}

#[test]
fn lying_headers_cost_nothing() {
    let mut bytes = file(2, "", &[]);
    bytes[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    check_error(&bytes, "claims 4294967295 bytes");
    check_error(
        &file(1, &header("|i1", "False", "(99999999, 99999999)"), &[]),
        "split it into smaller",
    );
    check_error(
        &file(1, &header("|i1", "False", "(18446744073709551615, 18446744073709551615)"), &[]),
        "digits",
    );
    check_error(&file(1, &"(".repeat(9_000), &[]), "nests deeper");
    check_error(&file(1, &header("|i1", "False", "(0, 99999999999999999)"), &[]), "digits");
}

#[test]
fn errors_echo_little_of_a_header() {
    let long = "x".repeat(9_000);
    for text in [header(&long, "False", "(1, 1)"), format!("{{'descr': {long}"), long.clone()] {
        let message = parse_all(&file(1, &text, &[])).unwrap_err().to_string();
        assert!(message.len() < 300, "{message}");
    }
}

#[test]
fn written_products_are_read_back() {
    let matrix = Matrix { rows: 2, columns: 1, values: vec![i32::MIN, 7] };
    assert_eq!(int32_from_bytes(&to_bytes(&matrix).unwrap()).unwrap(), matrix);
    int32_from_bytes(&file(1, &header("|i1", "False", "(1, 1)"), &[0])).unwrap_err();
}

#[test]
fn written_files_are_what_numpy_writes() {
    let matrix = Matrix { rows: 1, columns: 2, values: vec![1_i32, -2] };
    let bytes = to_bytes(&matrix).unwrap();
    assert!(bytes.starts_with(b"\x93NUMPY\x01\x00"));
    let text = String::from_utf8_lossy(&bytes[10..]);
    assert!(text.contains("'descr': '<i4'") && text.contains("'shape': (1, 2"), "{text}");
    assert!(bytes.ends_with(&[1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff]));
}

#[test]
fn the_carried_data_set_is_whole() {
    let bytes = include_bytes!("../../../data/digits.npy");
    let matrix = int8_from_bytes(bytes).unwrap();
    assert_eq!((matrix.rows, matrix.columns), (1797, 64));
    assert_eq!(matrix.values.iter().copied().min(), Some(0));
    assert_eq!(matrix.values.iter().copied().max(), Some(16));
    // data/README.md gives the sha256 of the same bytes.
    assert_eq!(
        blake3::hash(bytes).to_hex().as_str(),
        "fa0756ecd47dc33759b80e515a9de48b4f8e610286c89e6163047acf321589ee"
    );
}

proptest! {
    #[test]
    fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse_all(&bytes);
        bytes.splice(..0, *b"\x93NUMPY\x01\x00");
        let _ = parse_all(&bytes);
    }

    #[test]
    fn edited_headers_never_panic(at in 0_usize..70, value in any::<u8>()) {
        let mut bytes = file(1, &header("|i1", "False", "(2, 3)"), &[0; 6]);
        let at = at % bytes.len();
        bytes[at] = value;
        let _ = parse_all(&bytes);
    }
}
