//! What belongs to the operator's own mail and is compared with the DNS (`[own]` of the configuration). The caller reads the files.

use std::net::IpAddr;

use data_encoding::BASE64;
use ring::signature::{Ed25519KeyPair, KeyPair};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::transport::der::element;

/// The largest number of certificates that are read from one file. Usual chains have two or three.
const MAX_CHAIN: usize = 8;

/// Own addresses, certificates and signing keys. Empty for domains of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnMail {
    /// The addresses that send mail of the domain. SPF is evaluated for each.
    pub senders: Vec<IpAddr>,
    /// The files with certificates that mail hosts use, or will use.
    pub certificates: Vec<CertificateFile>,
    /// The keys with which mail of the domain is signed.
    pub signing_keys: Vec<SigningKey>,
}

impl OwnMail {
    /// Returns the selectors of the signing keys.
    pub fn selectors(&self) -> Vec<String> {
        self.signing_keys.iter().map(|key| key.selector.clone()).collect()
    }
}

/// A file with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFile {
    /// The path of the file.
    pub path: String,
    /// The certificates in DER, the host's own first; or why they cannot be read.
    pub chain: Result<Vec<Vec<u8>>, String>,
    /// True if the mail hosts of one domain alone may use it, so that it is theirs even if it has none of their names.
    pub is_of_one_domain: bool,
}

/// A key with which mail is signed (DKIM).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// The selector of the signatures.
    pub selector: String,
    /// The path of the file with the private key.
    pub path: String,
    /// The public key: an RSAPublicKey in DER (RFC 8017 appendix A.1.1), or the 32 octets of an Ed25519 key; or why it cannot be read.
    pub public: Result<Vec<u8>, String>,
}

/// Reads the certificates of a PEM file, the host's own first.
///
/// # Errors
/// It has no certificate, or is no PEM file.
pub fn read_certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let chain: Result<Vec<Vec<u8>>, _> =
        CertificateDer::pem_slice_iter(pem).take(MAX_CHAIN).map(|read| Ok(read?.to_vec())).collect();
    let chain = chain.map_err(|error: pem::Error| format!("it is no PEM file: {error}"))?;
    if chain.is_empty() { Err("it has no certificate".to_owned()) } else { Ok(chain) }
}

/// Returns the public key of the private key in a PEM file: that of RSA or Ed25519 (RFC 6376 section 3.3, RFC 8463).
///
/// # Errors
/// It has no private key, or one of another kind.
pub fn read_public_key(pem: &[u8]) -> Result<Vec<u8>, String> {
    let Ok(key) = PrivateKeyDer::from_pem_slice(pem) else {
        return ed25519_of_rspamd(pem).ok_or_else(|| "it has no private key in PEM".to_owned());
    };
    let public = match &key {
        PrivateKeyDer::Pkcs1(key) => rsa_public_key(key.secret_pkcs1_der()),
        PrivateKeyDer::Pkcs8(key) => {
            let ed25519 = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der());
            ed25519
                .ok()
                .map(|pair| pair.public_key().as_ref().to_vec())
                .or_else(|| rsa_of_pkcs8(key.secret_pkcs8_der()))
        }
        _ => None,
    };
    public.ok_or_else(|| "its key is neither RSA nor Ed25519".to_owned())
}

/// Returns the public key of a file as rspamadm(1) writes it for Ed25519: the seed and the public key, in base64.
fn ed25519_of_rspamd(text: &[u8]) -> Option<Vec<u8>> {
    let octets = BASE64.decode(text.trim_ascii()).ok().filter(|octets| octets.len() == 64)?;
    octets.get(32..).map(<[u8]>::to_vec)
}

/// Returns the RSA public key of a PrivateKeyInfo (RFC 5208 section 5): version, algorithm, and the key as an octet string.
fn rsa_of_pkcs8(octets: &[u8]) -> Option<Vec<u8>> {
    let (0x30, body, _) = element(octets)? else { return None };
    let (0x02, _, rest) = element(body)? else { return None };
    let (0x30, _, rest) = element(rest)? else { return None };
    let (0x04, key, _) = element(rest)? else { return None };
    rsa_public_key(key)
}

/// Returns the RSAPublicKey of an RSAPrivateKey (RFC 8017 appendix A.1): the modulus and the public exponent follow the version.
fn rsa_public_key(octets: &[u8]) -> Option<Vec<u8>> {
    let (0x30, body, _) = element(octets)? else { return None };
    let (0x02, _, numbers) = element(body)? else { return None };
    let (0x02, _, rest) = element(numbers)? else { return None };
    let (0x02, _, after) = element(rest)? else { return None };
    let public = numbers.get(..numbers.len().checked_sub(after.len())?)?;
    let length = u16::try_from(public.len()).ok()?;
    let mut key = vec![0x30];
    match length {
        0..=0x7f => key.push(length.to_be_bytes()[1]),
        0x80..=0xff => key.extend([0x81, length.to_be_bytes()[1]]),
        _ => key.extend([&[0x82][..], &length.to_be_bytes()].concat()),
    }
    key.extend(public);
    Some(key)
}
