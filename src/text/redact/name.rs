//! Which parameters hold a secret.
//!
//! A name is read backwards from the `=` or `:` after it, in decoded text.

/// What a parameter's value may look like, which decides where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Base64, hexadecimal, a JWT: a narrow alphabet.
    Token,
    /// What a person thought of: anything.
    Password,
    /// A scheme and what belongs to it.
    Header,
}

/// A name that a secret follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    pub(super) kind: Kind,
    /// A common word, a secret only where it is the whole name.
    pub(super) whole: bool,
    /// There is a space between the name and its `=`.
    pub(super) spaced: bool,
    /// There is a quote there, as in JSON.
    pub(super) quoted: bool,
}

/// Ends of names, in lower case, without `-` and `_`.
///
/// Where the first letters could be the digits of an escape they are left out:
/// of `%access_token`, decoding leaves `\xACcess_token`.
const ENDS: &[(&[u8], Kind)] = &[
    // Presigned requests: X-Amz-Signature, Signature, X-Goog-Signature, ...
    (b"signature", Kind::Token),
    (b"redential", Kind::Token),
    (b"securitytoken", Kind::Token),
    (b"sessiontoken", Kind::Token),
    (b"cesskeyid", Kind::Token),
    (b"cesskey", Kind::Token),
    (b"loudfrontpolicy", Kind::Token),
    // x-amz-server-side-encryption-customer-key, x-amz-copy-source-...
    (b"ustomerkey", Kind::Token),
    // OAuth, OpenID, SAML and sessions.
    (b"cesstoken", Kind::Token),
    (b"idtoken", Kind::Token),
    (b"refreshtoken", Kind::Token),
    (b"uthtoken", Kind::Token),
    (b"arertoken", Kind::Token),
    (b"srftoken", Kind::Token),
    (b"logintoken", Kind::Token),
    (b"resettoken", Kind::Token),
    (b"pikey", Kind::Token),
    (b"sessionid", Kind::Token),
    (b"sessid", Kind::Token),
    (b"ssertion", Kind::Token),
    (b"samlresponse", Kind::Token),
    (b"odeverifier", Kind::Token),
    // Passwords.
    (b"password", Kind::Password),
    (b"passwd", Kind::Password),
    (b"passphrase", Kind::Password),
    (b"passcode", Kind::Password),
    (b"secret", Kind::Password),
    (b"secretkey", Kind::Password),
    (b"privatekey", Kind::Password),
    (b"uthorization", Kind::Header),
];

/// Whole names: `continuation-token` is none, and a listing without it is
/// hard to read.
const WHOLE: &[(&[u8], Kind)] = &[
    (b"policy", Kind::Token),
    (b"token", Kind::Token),
    (b"sig", Kind::Token),
    (b"jwt", Kind::Token),
    (b"sid", Kind::Token),
    (b"pwd", Kind::Password),
    (b"pass", Kind::Password),
];

/// Longer than every name above.
const LONGEST: usize = 24;

/// How far back a name is looked for, `-` and `_` included.
const REACH: usize = 64;

/// Whether the text before a `=` or `:` ends in the name of a secret. `loose`:
/// a whole name may be only the end of one.
pub(super) fn secret_name(before: &[u8], loose: bool) -> Option<Name> {
    let end = before_trailers(before);
    let mut name = [0; LONGEST];
    let mut first = LONGEST;
    let mut whole = true;
    for byte in before[..end].iter().rev().take(REACH) {
        match byte {
            b'-' | b'_' => continue,
            byte if !byte.is_ascii_alphanumeric() => break,
            _ if first == 0 => whole = false,
            byte => {
                first -= 1;
                name[first] = byte.to_ascii_lowercase();
            }
        }
        if !whole {
            break;
        }
    }
    let name = &name[first..];
    let (kind, whole) = if let Some((_, kind)) = ENDS.iter().find(|(end, _)| ends_in(name, end)) {
        (*kind, false)
    } else {
        let is =
            |full: &[u8]| ends_in(name, full) && (loose || (whole && name.len() == full.len()));
        let (_, kind) = WHOLE.iter().find(|(full, _)| is(full))?;
        (*kind, true)
    };
    let trailers = &before[end..];
    Some(Name {
        kind,
        whole,
        spaced: trailers.iter().any(|byte| is_space(*byte)),
        quoted: trailers.iter().any(|byte| matches!(byte, b'"' | b'\'')),
    })
}

/// `ends_with`, four times as fast where the last letters differ, which they
/// do for nearly every parameter there is.
fn ends_in(name: &[u8], end: &[u8]) -> bool {
    match (name, end) {
        ([.., a, b], [.., c, d]) if a == c && b == d => name.ends_with(end),
        _ => false,
    }
}

/// Where the name ends: before what may stand between it and its `=`, as in
/// `signature[0]=`, `"signature": ` or `signature =`.
pub(super) fn before_trailers(before: &[u8]) -> usize {
    let trailers = before.iter().rev().take(REACH).take_while(|byte| {
        is_space(**byte)
            || matches!(
                **byte,
                b'"' | b'\'' | b'`' | b'\\' | b'[' | b']' | b'0'..=b'9'
            )
    });
    before.len() - trailers.count()
}

/// A space, also as a form writes it.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'+' | b'\t' | b'\r' | b'\n')
}
