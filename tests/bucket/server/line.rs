//! A connection that can be cut, or stand still, in the midst of an answer.

use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use s3s::{S3Result, s3_error};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

tokio::task_local! {
    /// Of the connection on which a request came.
    pub static CUT: Cut;
}

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The connection does.
    Reset,
    /// Nothing more comes.
    Stall,
}

/// When a connection ends, and how: after so many bytes more.
#[derive(Debug, Clone, Default)]
pub struct Cut(Arc<Mutex<Option<(End, u64)>>>);

/// Cuts the connection of the request that is being answered.
pub fn cut(end: End, bytes: u64) -> S3Result<()> {
    CUT.with(|cut| *cut.0.lock().unwrap() = Some((end, bytes)));
    if bytes == 0 {
        // Not a byte of this is written.
        return Err(s3_error!(InternalError));
    }
    Ok(())
}

/// A connection.
pub struct Line {
    stream: TcpStream,
    cut: Cut,
}

impl Line {
    pub fn new(stream: TcpStream, cut: Cut) -> Self {
        Self { stream, cut }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        let cut = *self.cut.0.lock().unwrap();
        let most = match cut {
            Some((End::Reset, 0)) => return Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
            Some((End::Stall, 0)) => return Poll::Pending,
            Some((_, left)) => bytes.len().min(left as usize),
            None => bytes.len(),
        };
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..most]))?;
        if let Some((end, left)) = cut {
            *self.cut.0.lock().unwrap() = Some((end, left - written as u64));
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
