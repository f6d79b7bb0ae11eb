//! The account that the logs are about: its buckets, people, networks.
//!
//! Every address is from a range set aside for documentation, benchmarks or
//! private use, so that no line accuses anybody.
//!
//! | range | who |
//! |---|---|
//! | 192.0.2.0/25 | the company: offices `.1`–`.8`, NAT gateways of the VPC `.16`–`.19`, others |
//! | 10/8, 172.16/12, 100.64/10 | machines in the VPCs |
//! | 2001:db8:10::/48 | the company's offices, IPv6 |
//! | 192.0.2.128/26, 2001:db8:a00::/48; 192.0.2.192/26 | AWS's services in the buckets' region; in another |
//! | 198.18.0.0 – 198.19.239.255, 2001:db8:8000::/33 | the public |
//! | 203.0.113.0/24, 198.51.100.0/24, 198.19.240.0/20, 198.18.254.0/24, 2001:db8:bad::/48 | attackers |

use crate::line::Address;

/// Canonical id of the buckets' owner.
pub const OWNER: &str = "5c1e7a0f93b24d6886e0d9a7f41b3c2d5e6f708192a3b4c5d6e7f8091a2b3c4d";
/// Region of all buckets.
pub const REGION: &str = "eu-west-1";
/// Another region, in which AWS has addresses.
pub const ELSEWHERE: &str = "us-east-1";
/// The company's account.
pub const ACCOUNT: &str = "111122223333";
/// A partner's account, which is trusted.
pub const PARTNER: &str = "444455556666";

/// Raw events.
pub const DATALAKE: &str = "acme-datalake";
/// Tables made of them.
pub const CURATED: &str = "acme-datalake-curated";
/// What customers upload.
pub const UPLOADS: &str = "acme-app-uploads";
/// Small pictures of it.
pub const THUMBNAILS: &str = "acme-app-thumbnails";
/// Nightly backups.
pub const BACKUPS: &str = "acme-backups";
/// Static website, public.
pub const WEBSITE: &str = "acme-website";
/// Public downloads.
pub const DOWNLOADS: &str = "acme-public-downloads";
/// Delivered logs.
pub const LOGS: &str = "acme-logs";
/// Terraform's state.
pub const TERRAFORM: &str = "acme-terraform-state";
/// Reports for customers.
pub const REPORTS: &str = "acme-reports";
/// Invoices.
pub const FINANCE: &str = "acme-finance";
/// Personnel.
pub const HR: &str = "acme-hr";
/// Origin of the content delivery network.
pub const MEDIA: &str = "acme-media";
/// Cold data.
pub const ARCHIVE: &str = "acme-archive";
/// Trained models.
pub const MODELS: &str = "acme-ml-models";

/// Data for others, by presigned links.
pub const EXPORTS: &str = "acme-data-exports";
/// Where partners put and get things.
pub const EXCHANGE: &str = "acme-partner-exchange";
/// Origin of the shop's pictures.
pub const SHOP: &str = "acme-shop-assets";
/// What devices report.
pub const EVENTS: &str = "acme-device-events";
/// Encrypted with a key of its own.
pub const RESEARCH: &str = "acme-research";
/// Scanned paper.
pub const SCANS: &str = "acme-scans";
/// Salaries; only for machines in the VPC.
pub const PAYROLL: &str = "acme-payroll";
/// A campaign's pictures, public.
pub const PROMO: &str = "acme-public-promo";
/// Logs of the auditors.
pub const AUDIT: &str = "acme-audit-logs";
/// What S3's inventory writes.
pub const INVENTORY: &str = "acme-inventory";
/// Copies of uploads in the same region.
pub const REPLICA: &str = "acme-uploads-replica";

/// What will be sold; made in the second week, where there are changes.
pub const FORECASTS: &str = "acme-forecasts";

/// Pieces of maps; only where attacks need a baseline.
pub const TILES: &str = "acme-map-tiles";

/// All of them, but those two.
pub const BUCKETS: [&str; 26] = [
    DATALAKE, CURATED, UPLOADS, THUMBNAILS, BACKUPS, WEBSITE, DOWNLOADS, LOGS, TERRAFORM, REPORTS,
    FINANCE, HR, MEDIA, ARCHIVE, MODELS, EXPORTS, EXCHANGE, SHOP, EVENTS, RESEARCH, SCANS, PAYROLL,
    PROMO, AUDIT, INVENTORY, REPLICA,
];

/// First of the four NAT gateways: 192.0.2.16.
pub const NAT_GATEWAYS: u32 = 0xC000_0210;

/// First of the addresses that AWS's services have in the buckets' region:
/// 192.0.2.128/26. Another region's follow.
pub const AWS_HERE: u32 = 0xC000_0280;

/// First of the machines in another region, 192.0.2.240/28.
pub const AWS_ELSEWHERE: u32 = 0xC000_02F0;

/// Addresses of the public below 198.19.240.0, from where on attackers are.
const PUBLIC_V4: u32 = (2 << 16) - 4096;

/// Some of the company's machines and of the public.
pub struct Addresses {
    machines: u32,
    public: u32,
}

impl Addresses {
    /// Three tenths machines, the rest the public.
    pub fn new(count: u32) -> Self {
        let machines = (count / 10 * 3).clamp(1, 12_000_000);
        Self {
            machines,
            public: count.saturating_sub(machines).max(1),
        }
    }

    /// A machine of a VPC, by any number.
    pub const fn machine(&self, number: u64) -> Address {
        let at = (number % self.machines as u64) as u32;
        // 10.240.0.0 and beyond is kept for decoys and attacks.
        match at % 8 {
            0 if at < (1 << 20) => Address::V4(0xAC10_0000 + at),
            1 if at < (1 << 22) => Address::V4(0x6440_0000 + at),
            _ => Address::V4(0x0A00_0010 + at),
        }
    }

    /// Somebody out there, by any number; a tenth of them uses IPv6, and all
    /// those for whom the range of IPv4 is too small.
    pub const fn somebody(&self, number: u64) -> Address {
        let at = (number % self.public as u64) as u32;
        if at % 10 == 3 || at >= PUBLIC_V4 || at >> 8 == 254 {
            let network = 0x2001_0db8_8000_0000_u64 + at as u64;
            let host = crate::rng::mix(network);
            Address::V6((network as u128) << 64 | host as u128)
        } else {
            Address::V4(0xC612_0000 + at)
        }
    }

    /// How many machines there are.
    pub const fn machines(&self) -> u32 {
        self.machines
    }
}

/// An office: mostly one of eight NAT addresses, else IPv6.
pub const fn office(number: u64) -> Address {
    if number.is_multiple_of(7) {
        let host = crate::rng::mix(number % 4096);
        Address::V6(
            0x2001_0db8_0010_0000_0000_0000_0000_0000 | (number as u128 % 8) << 64 | host as u128,
        )
    } else {
        Address::V4(0xC000_0201 + (number % 8) as u32)
    }
}

/// People who sign in through IAM Identity Center.
pub const PEOPLE: [&str; 12] = [
    "ada.keller",
    "bruno.costa",
    "chen.li",
    "dora.novak",
    "emil.berg",
    "fatima.zahra",
    "goran.ilic",
    "hana.sato",
    "ivo.marin",
    "jane.doe",
    "kofi.mensah",
    "lena.vogel",
];

/// Requester of a person.
pub fn person(number: u64) -> String {
    let name = PEOPLE[(number % PEOPLE.len() as u64) as usize];
    let (set, id) = match number % 3 {
        0 => ("DataAnalyst", "3f0c5d2b9a417e68"),
        1 => ("Developer", "a81d90c4477be215"),
        _ => ("PlatformAdmin", "0be64c7712f3d95a"),
    };
    format!("arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_{set}_{id}/{name}@example.com")
}

/// Requester of a role's session.
pub fn role(name: &str, session: &str) -> String {
    format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}")
}

/// Requester of an IAM user.
pub fn user(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}")
}

/// User agents of programs.
pub mod agent {
    /// Athena.
    pub const ATHENA: &str = "AWS_ATHENA, aws-sdk-java/2.29.9 Linux/5.10.235-227.919.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/17.0.14+7-LTS Java/17.0.14 vendor/Amazon.com_Inc.";
    /// Spark's file system.
    pub const SPARK: &str = "Hadoop 3.4.1, aws-sdk-java/2.25.53 Linux/6.1.131-143.221.amzn2023.x86_64 OpenJDK_64-Bit_Server_VM/17.0.14+7-LTS Java/17.0.14 kotlin/1.9.10";
    /// The application.
    pub const APP: &str = "aws-sdk-js/3.758.0 ua/2.1 os/linux#6.1.128-136.201.amzn2023.x86_64 lang/js md/nodejs#22.13.1 api/s3#3.758.0 m/E,b";
    /// A function.
    pub const LAMBDA: &str = "Boto3/1.36.3 md/Botocore#1.36.3 ua/2.0 os/linux#5.10.233-244.887.amzn2.x86_64 md/arch#x86_64 lang/python#3.13.2 md/pyimpl#CPython exec-env/AWS_Lambda_python3.13";
    /// The command line.
    pub const CLI: &str = "aws-cli/2.24.10 md/awscrt#0.23.8 ua/2.0 os/linux#6.8.0-55-generic md/arch#x86_64 lang/python#3.12.9 md/pyimpl#CPython md/prompt#off md/command#s3.sync";
    /// The console.
    pub const CONSOLE: &str = "S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.780 Linux/5.10.234-206.895.amzn2int.x86_64 OpenJDK_64-Bit_Server_VM/25.442-b06 java/1.8.0_442 vendor/Oracle_Corporation cfg/retry-mode/standard";
    /// Terraform.
    pub const TERRAFORM: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.11.0 (+https://www.terraform.io) aws-sdk-go-v2/1.36.1 ua/2.1 os/linux lang/go#1.23.3 md/GOOS#linux md/GOARCH#amd64 api/s3#1.76.1";
    /// CloudFront.
    pub const CLOUDFRONT: &str = "Amazon CloudFront";
    /// AWS's own.
    pub const INTERNAL: &str = "aws-internal/3 aws-sdk-java/1.12.780 Linux/5.10.234-206.895.amzn2int.x86_64 OpenJDK_64-Bit_Server_VM/25.442-b06 java/1.8.0_442 vendor/Oracle_Corporation cfg/retry-mode/standard";
    /// A plain Python program.
    pub const PYTHON: &str = "python-requests/2.32.3";
    /// A plain boto3 program.
    pub const BOTO3: &str = "Boto3/1.35.99 md/Botocore#1.35.99 ua/2.0 os/linux#6.1.0-31-amd64 md/arch#x86_64 lang/python#3.11.2 md/pyimpl#CPython cfg/retry-mode#legacy";
    /// A tool that copies whole buckets.
    pub const RCLONE: &str = "rclone/v1.69.1";
    /// A scanner for weak spots.
    pub const NUCLEI: &str = "Nuclei - Open-source project (github.com/projectdiscovery/nuclei)";
    /// The command line on a system made for attacks.
    pub const KALI: &str = "aws-cli/2.23.6 md/awscrt#1.0.0.dev0 ua/2.0 os/linux#6.11.2-kali1-amd64 md/arch#x86_64 lang/python#3.12.8 md/pyimpl#CPython md/prompt#off md/command#s3.sync";
    /// AWS Config.
    pub const CONFIG: &str = "AWSConfig";
    /// AWS's health checks.
    pub const HEALTH: &str = "Amazon-Route53-Health-Check-Service (ref 5d0b2c1e-8f4a-4c66-9b1e-0c2f6a3d7e10; report http://amzn.to/1vsZADi)";
    /// Who surveys the internet.
    pub const ZGRAB: &str = "Mozilla/5.0 zgrab/0.x";
    /// Another.
    pub const CENSYS: &str =
        "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)";
    /// A crawler.
    pub const CRAWLER: &str =
        "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example.org/about)";
    /// Browsers.
    pub const BROWSERS: [&str; 4] = [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15",
        "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1",
    ];
    /// Programs that download.
    pub const DOWNLOADERS: [&str; 5] = [
        "curl/8.12.1",
        "Wget/1.24.5",
        "pip/25.0.1",
        "Go-http-client/2.0",
        BROWSERS[2],
    ];
}
