//! `key_tier`: what a key's name says about its content.
//!
//! Names only, in lower case, on any part of the path: content is not logged.
//! Where a name belongs to several tiers, the one that weighs most counts.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::glob::{Globs, Row};
use super::key;
use super::words::{self, Words};

/// What a key's name says about its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Keys, passwords, certificates with their keys.
    Secret,
    /// A note that asks for ransom.
    Note,
    /// Much at once: backups, dumps, images, state.
    Bulk,
    /// Nothing.
    None,
}

impl Tier {
    /// The word for it, the value of `key_tier`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Tier::Secret => "secret",
            Tier::Note => "note",
            Tier::Bulk => "bulk",
            Tier::None => "none",
        }
    }
}

/// The bits of [`TIERS`].
const SECRET: u32 = 0b0011;
const BULK: u32 = 0b0100;

/// Files that hold secrets, by the names that the programs which read them
/// want; and what people call their copies.
const TIERS: [Row; 3] = [
    Row::new(
        ".env .env.* *.ppk *.p12 *.pfx *.jks *.keystore *.kdbx *.ovpn \
         id_{rsa,dsa,ecdsa,ed25519} .aws/credentials .ssh/* .git-credentials .netrc .npmrc \
         .pypirc .dockercfg .docker/config.json .kube/config kubeconfig* *accesskeys.csv \
         rootkey.csv *credentials*.{csv,json,txt} *secret*.{json,yml,yaml,txt} \
         *password*.{csv,txt,xlsx} service-account*.json .htpasswd wp-config.php* ntds.dit",
    ),
    // Certificates alone are public.
    Row::new("*.pem").but_not("*ca*bundle*.pem fullchain.pem cert.pem"),
    Row::new(
        "*.tfstate* *.sql *.sql.{gz,bz2,xz,zst,gpg} *dump*.{gz,tgz,zip} *.dmp *.bak \
         *backup*.{zip,tar,gz,tgz,7z} *.sqlite* *.mdb *.pst *.vmdk *.ova .git/*",
    ),
];

static GLOBS: LazyLock<Globs> = LazyLock::new(|| Globs::new(&TIERS));

/// Names of ransom notes, after those of published cases. Manuals match too.
const NOTES: &str = r"(?isx-u)
      how.{0,5}to.{0,8}(decrypt|unlock|(recover|restore).{0,8}files)
    | (ransom|decrypt).{0,3}(note|readme|info|instructions?|guide|(my|your)?.?files)
    | your.{0,3}(files|data|bucket).{0,10}(encrypted|stolen|locked|deleted)
    | (files|data).{0,3}(encrypted|stolen)
    | (restore|recover).{0,3}(my|your).{0,3}(files|data)
    | read.?me.{0,3}(now|to.?(decrypt|recover|restore)|warning)";

static NOTE: LazyLock<Regex> = LazyLock::new(|| words::pattern(NOTES));

/// Of which every such name holds one.
const NOTE_WORDS: [&str; 11] = [
    "decrypt",
    "unlock",
    "recover",
    "restore",
    "ransom",
    "encrypted",
    "stolen",
    "locked",
    "deleted",
    "now",
    "warning",
];

static NOTE_ANY: LazyLock<Words> = LazyLock::new(|| Words::new(NOTE_WORDS));

/// What a person can open with a double click.
const NOTE_SUFFIXES: [&[u8]; 6] = [b".txt", b".html", b".htm", b".hta", b".rtf", b".png"];

/// The largest note, bytes; manuals are larger.
const LARGEST_NOTE: u64 = 256 << 10;

/// The tier of a key in lower case. A size that is not known rules out no
/// note, for S3 logs that of an empty object as `-`.
#[must_use]
pub fn tier(lower_key: &[u8], size: Option<u64>) -> Tier {
    let rows = GLOBS.rows(lower_key);
    if rows & SECRET != 0 {
        Tier::Secret
    } else if is_note(key::last(lower_key), size) {
        Tier::Note
    } else if rows & BULK != 0 {
        Tier::Bulk
    } else {
        Tier::None
    }
}

fn is_note(name: &[u8], size: Option<u64>) -> bool {
    size.is_none_or(|size| size <= LARGEST_NOTE)
        && key::suffix(name).is_none_or(|suffix| NOTE_SUFFIXES.contains(&suffix))
        && NOTE_ANY.any(name)
        && NOTE.is_match(name)
}

#[cfg(test)]
mod tests {
    use super::super::super::Field;
    use super::super::tests::value;

    fn tier(key: &str) -> String {
        value(Field::KeyTier, &[(Field::KeyName, key)])
    }

    #[test]
    fn every_name_of_the_table_has_its_tier() {
        let table = [
            (
                "secret",
                ".env .env.production key.pem id.ppk a.p12 a.pfx a.jks a.keystore a.kdbx a.ovpn id_rsa id_dsa id_ecdsa id_ed25519 .aws/credentials .ssh/authorized_keys .git-credentials .netrc .npmrc .pypirc .dockercfg .docker/config.json .kube/config kubeconfig kubeconfig-prod ann_accessKeys.csv rootkey.csv credentials.csv my-credentials-old.json credentials.txt secrets.json client_secret_1.yml secret.yaml secret.txt password.csv Passwords.txt passwords-2024.xlsx service-account-prod.json .htpasswd wp-config.php wp-config.php.bak ntds.dit",
            ),
            (
                "bulk",
                "terraform.tfstate terraform.tfstate.backup db.sql db.sql.gz db.sql.bz2 db.sql.xz db.sql.zst db.sql.gpg dump.gz pg_dump-1.tgz dump.zip a.dmp a.bak backup.zip db-backup-1.tar backup.gz backup.tgz backup.7z a.sqlite a.sqlite3 a.mdb a.pst a.vmdk a.ova .git/config .git/objects/aa/bb",
            ),
            (
                "note",
                "HOW_TO_DECRYPT.txt how-to-unlock.html how_to_recover_your_files.hta HOW+TO+RESTORE+FILES.png ransom_note.txt RANSOM-README.htm decrypt_info decrypt-instruction.rtf DECRYPT_INSTRUCTIONS.txt decrypt-guide.txt decrypt_my_files.txt decrypt_files.txt YOUR_FILES_ARE_ENCRYPTED.txt your-data-was-stolen.txt your_bucket_is_locked.txt your.files.deleted.txt files_encrypted.txt data-stolen.html RESTORE_MY_DATA.txt recover-your-files README_NOW.txt read_me_to_decrypt.txt readme-to-recover.txt README_to_restore.txt READ-ME-WARNING.txt",
            ),
            (
                "none",
                "index.html a.env .environment env id_rsa.pub id_rsa2 ca-bundle.pem my-CA.bundle.v2.pem fullchain.pem cert.pem credentials aws/credentials .aws/config .ssh docker/config.json .docker/config.jsonx .kube/config2 credentials.pdf secret.pdf secrets.toml password.docx service-account.yaml accesskeys.txt sql a.sqlx db.sql.zip dump.tar dumps/a backup.rar backups/2024/a.txt gitconfig a.git/config README.md readme.txt READ_ME.txt how-to-install.txt how_to_decrypt.pdf how_to_decrypt.txt.gz ransom.txt decrypt.txt your-files.txt restore.txt reset-password.html README",
            ),
        ];
        for (expected, keys) in table {
            for key in keys.split(' ') {
                assert_eq!(tier(key), expected, "{key}");
                if expected == "note" || key == ".ssh" {
                    continue;
                }
                // On any part of the path.
                assert_eq!(tier(&format!("a/b/{key}")), expected, "a/b/{key}");
                assert_eq!(tier(&format!("{key}/x")), expected, "{key}/x");
            }
        }
    }

    #[test]
    fn a_note_is_the_last_part() {
        assert_eq!(tier("a/b/how_to_decrypt.txt"), "note");
        assert_eq!(tier("how_to_decrypt.txt/x"), "none");
        assert_eq!(tier("how_to_decrypt/"), "none");
    }

    #[test]
    fn encoding_and_case_hide_nothing() {
        assert_eq!(tier("a%252F%252Eenv"), "secret");
        assert_eq!(tier("ID_RSA"), "secret");
        assert_eq!(tier("How%2520to%2520decrypt.txt"), "note");
    }

    #[test]
    fn the_heavier_tier_counts() {
        assert_eq!(tier(".git/id_rsa"), "secret");
        assert_eq!(tier(".git/how_to_decrypt.txt"), "note");
        assert_eq!(tier(".ssh/how_to_decrypt.txt"), "secret");
    }

    #[test]
    fn a_note_is_small() {
        for (size, tier) in [("262144", "note"), ("-", "note"), ("262145", "none")] {
            let values = [
                (Field::KeyName, "HOW_TO_DECRYPT.txt"),
                (Field::ObjectSize, size),
            ];
            assert_eq!(value(Field::KeyTier, &values), tier, "{size}");
        }
    }

    #[test]
    fn without_a_key_there_is_no_tier() {
        assert_eq!(value(Field::KeyTier, &[(Field::KeyName, "-")]), "-");
    }
}
