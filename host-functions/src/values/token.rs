use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hostfn::{Entropy, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A session id or a token: a secret that whoever holds it may use.
///
/// The host makes it of 256 random bits, in URL-safe Base64
/// ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648#section-5)). A guest may bring its own: 16 to
/// 128 URL-safe characters. `Debug` hides it, and the database holds only its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, extend("x-checked" = true))]
pub struct Token(#[schemars(regex(pattern = "^[A-Za-z0-9_-]{16,128}$"))] Secret);

impl Token {
    /// A new one that nobody can guess.
    pub fn random(entropy: &Entropy) -> Self {
        Self(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(Zeroizing::new(entropy.bytes::<32>()))))
    }

    /// What is stored of it.
    ///
    /// A plain hash will do, as with a password it would not: 256 random bits cannot be searched.
    pub fn sha256(&self) -> Vec<u8> {
        Sha256::digest(self.0.expose()).to_vec()
    }
}

impl TryFrom<Secret> for Token {
    type Error = &'static str;

    fn try_from(text: Secret) -> Result<Self, Self::Error> {
        let is_url_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (16..=128).contains(&text.expose().len()) && text.expose().bytes().all(is_url_safe) {
            Ok(Self(text))
        } else {
            Err("expected 16 to 128 URL-safe characters: letters, digits, `-` and `_`")
        }
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Secret::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use hostfn::EntropySource;

    use super::*;

    #[test]
    fn what_the_host_makes_the_host_takes() {
        let token = Token::random(&EntropySource::system().for_call("test", "token", b""));
        assert_eq!(token.0.expose().len(), 43);
        assert_eq!(Token::try_from(token.0.clone()).unwrap(), token);
        assert_eq!(format!("{token:?}"), "Token(<secret>)");
    }

    #[test]
    fn what_is_too_short_or_not_url_safe_is_refused() {
        for text in ["", "123456789012345", "1234567890123456 ", "1234567890123456+", &"a".repeat(129)] {
            assert!(Token::try_from(Secret::new(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn its_hash_is_sha_256() {
        // FIPS 180-4's example of 56 bytes has no URL-safe text; this is `sha256sum` of 16 letters.
        let stored = Token::try_from(Secret::new("aaaaaaaaaaaaaaaa")).unwrap().sha256();
        assert_eq!(stored[..4], [0x0c, 0x0b, 0xea, 0xce]);
    }
}
