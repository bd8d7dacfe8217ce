//! Keys and signatures that other programs made: Python's integers, and OpenSSL for the key of 1024 bits.

use super::*;
use data_encoding::HEXLOWER;

/// Valid signatures of `message`: algorithm, modulus and signature. The exponent is always 65537.
const SIGNED: [(u8, &str, &str); 6] = [
    (
        5,
        "d990833a5cebde0472534cb65eb0eb754ea46a4da4c2083b3363fe9e29ad8f4c2b7384efb91463509b042aadfe66737a79e9517beb73a87caef0e628e3e39827",
        "464fa401e04b1a80cd0fdce7a371003375471b532ce89dac4593fe8284ba765212b9db42378a83b4c6513cf9a2858119c032a0db600190cfc86fe6de677e9051",
    ),
    (
        8,
        "d990833a5cebde0472534cb65eb0eb754ea46a4da4c2083b3363fe9e29ad8f4c2b7384efb91463509b042aadfe66737a79e9517beb73a87caef0e628e3e39827",
        "815db25dcf587d30ced5b76a9bc20c846341d6e80b70f090888e5a870f71bc6e6e9d24277f02095a7801e41e39aaa455cfadbc432252e3a550ef1d68d65eac20",
    ),
    (
        8,
        "c2516a6601b7aa29ca1a5c0826f17f291817cb63ad8903acb91a2b6fc939157a8b0e2fb5fb7ab62e6a0a4d74c3fa73e2f3f81b2ab88a7955be227be50fa446e22933c3facda00af6019fb0005acda0bf9501ab1312dc04448c131be520066d2b",
        "992fe8e9927392c19505be1670e7065d17ea3f6cefc867888fea403729b22de9233e32f17fb5c301fb6a9bf90c6ba44c11e1747074b8ff2ffc7f6c49ef37af5cec46e915af76453547ddb54de4b6576d70deb4d1729bc5f64800de85c64ba8a0",
    ),
    (
        10,
        "c2516a6601b7aa29ca1a5c0826f17f291817cb63ad8903acb91a2b6fc939157a8b0e2fb5fb7ab62e6a0a4d74c3fa73e2f3f81b2ab88a7955be227be50fa446e22933c3facda00af6019fb0005acda0bf9501ab1312dc04448c131be520066d2b",
        "aa0b3f5623058a28129b8bf726593116668e03361508946a3c48d6fee42afa0f35fc732b4d9b18a9dce5ee0661349e34c714b0a1f36a5e52af1ed1f4bcdd6fc36c8762a82caf377e9b93b2a6dac6dacc19e5d867b58596e808f96ac46f1975d9",
    ),
    (
        10,
        "bc39635122ac24eb33c936ca02b6804cf12fb37884bf6549a30e6bd07b8a9b4255b2d03a53de8476ff1953230c7340f6b3eb6fbe6db94043bbc6422d014282f3ffc64cefb37efc217b0cf6b4c6f7d84566339ec2444dad13f3999a0d9036234e36db17b5e266057a87c9ab26f0c5cea8f0afecf1ad64d64461b3fffc643621",
        "113032961851b4a52f3800e61d7e3374699212d318b9fa042c09b206dfc52a0dcbc7a8648306e19d2630cf77b2c207eb9cb3394587ce56199e07065c81438ea6e53a50f9e0f4ad6b76910bcf567ca7c75bd237c36db185a94d02af6a29f6a195ece2ddcf63dc9c70784583436d5ceddbacaa8a40403dd835205dba45ba9387",
    ),
    (
        8,
        "a53954721dedc0c90455c1c65bbd5186d76c737e3db50887b13aad70a30a980e49587cc78646e078c24cebf6aae6fd21a4aba8cc59f2b2c87e50aa4423bcb122253d374eaa75bed3aecabb7fa17b636651b5f902692e7f61eab3c68715891f111bd64e2a34e349bf8d5ede39428476d5c0558c0fbb146eaf559a2eb93ccba169",
        "18e353df45ef6525811250c55efaf537fc52d4fa197e2f3b8fc4777c20eb2a00b3df6ae5a1f364543182cf54117b8fef604d0f056bc9aeeaef276a2d9f5ca5c0f64e7ac53c00bfe5c9d997575e90c99fd19cfc7749fb71a5ecd7397ccc9f5021a4b93574b51015ffe2653f2dac2b2626a3f018d090325ecae5b2bb7dbf8b6689",
    ),
];

fn octets(hex: &str) -> Vec<u8> {
    HEXLOWER.decode(hex.as_bytes()).unwrap()
}

fn field(exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    [&[u8::try_from(exponent.len()).unwrap()], exponent, modulus].concat()
}

#[test]
fn rsa_keys_from_512_bits_verify() {
    for (algorithm, modulus, signature) in SIGNED {
        let (modulus, signature) = (octets(modulus), octets(signature));
        let algorithm = Algorithm::from_u8(algorithm);
        let bits = modulus.len() * 8;
        let field = field(&[1, 0, 1], &modulus);
        let key = RsaKey::read(&field).unwrap();
        assert!(key.verify(algorithm, b"message", &signature), "{algorithm} {bits}");
        assert!(!key.verify(algorithm, b"massage", &signature), "{algorithm} {bits}");
        for other in [5, 8, 10].map(Algorithm::from_u8).into_iter().filter(|other| *other != algorithm) {
            assert!(!key.verify(other, b"message", &signature), "{algorithm} {bits} as {other}");
        }
        for place in [0, signature.len() - 1] {
            let mut changed = signature.clone();
            changed[place] ^= 1;
            assert!(!key.verify(algorithm, b"message", &changed), "{algorithm} {bits}");
        }
        assert!(!key.verify(algorithm, b"message", &signature[1..]), "{algorithm} {bits}");
        assert!(!key.verify(algorithm, b"message", &[&[0], signature.as_slice()].concat()));
        let bare = |octets: &[u8]| RsaKey::read(octets).is_some_and(|key| key.verify(algorithm, b"", octets));
        assert!(!bare(&field));
    }
}

/// A signature plus the modulus is the same number modulo the modulus.
#[test]
fn rsa_signature_above_modulus_fails() {
    let (algorithm, modulus, signature) = SIGNED[1];
    let (modulus, signature) = (octets(modulus), octets(signature));
    let sum = (BigUint::from_bytes_be(&modulus) + BigUint::from_bytes_be(&signature)).to_bytes_be();
    let field = field(&[1, 0, 1], &modulus);
    assert!(!RsaKey::read(&field).unwrap().verify(Algorithm::from_u8(algorithm), b"message", &sum));
}

#[test]
fn rsa_keys_follow_rfc_3110() {
    let modulus = [0xC5; 64];
    let usual = field(&[1, 0, 1], &modulus);
    let read = RsaKey::read(&usual).unwrap();
    assert_eq!((read.exponent, read.modulus), (65_537, modulus.as_slice()));
    let long = [&[0, 0, 3, 1, 0, 1][..], &modulus].concat();
    assert_eq!(RsaKey::read(&long), Some(read));
    let padded = [&[5, 0, 0, 1, 0, 1, 0][..], &modulus].concat();
    assert_eq!(RsaKey::read(&padded), Some(read), "zeroes in front");
    for exponent in [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[2, 0, 0, 0, 1], &[1; 9], &[255; 255]] {
        assert_eq!(RsaKey::read(&field(exponent, &modulus)), None, "{exponent:?}");
    }
    assert!(RsaKey::read(&field(&[1, 0, 0, 0, 1], &modulus)).is_some(), "2^32 + 1");
    for octets in [&[][..], &[0], &[0, 1], &[3, 1], &[0, 255, 255, 1]] {
        assert_eq!(RsaKey::read(octets), None, "{octets:?}");
    }
    assert!(!RsaKey::read(&[1, 3]).unwrap().verify(Algorithm::RSASHA256, b"", b""));
}

#[test]
fn a_check_weighs_what_it_costs() {
    let weight = |bits: usize, exponent: &[u8]| {
        RsaKey::read(&field(exponent, &vec![0xC5; bits / 8])).unwrap().weight()
    };
    let usual: &[u8] = &[1, 0, 1];
    let (old_bind, largest): (&[u8], &[u8]) = (&[1, 0, 0, 0, 1], &[1, 255, 255, 255, 255]);
    // The times in the table at `weight`, divided by 79 µs and rounded, but at least one.
    assert_eq!([512, 1024, 2048, 4096, 8192].map(|bits| weight(bits, &[3])), [1, 1, 1, 1, 2]);
    assert_eq!([512, 1024, 2048, 4096, 8192].map(|bits| weight(bits, usual)), [1, 1, 1, 1, 4]);
    assert_eq!([1024, 2048, 4096, 8192].map(|bits| weight(bits, old_bind)), [1, 1, 2, 6]);
    assert_eq!([1024, 2048, 4096, 8192].map(|bits| weight(bits, largest)), [1, 1, 3, 12]);
}
