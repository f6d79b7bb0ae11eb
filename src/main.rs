//! The `s3sentry` command.

fn main() {}
