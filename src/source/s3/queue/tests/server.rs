//! As much of SQS as a reader of a queue needs, over HTTP: messages that become
//! invisible when they are received, deletion, and refusals.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long a request waits for messages.
const POLL: Duration = Duration::from_millis(100);

pub struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    receipts: u64,
    refusal: Option<(u16, &'static str)>,
    /// Entries of requests to delete that are still to fail.
    failing: usize,
}

struct Message {
    id: usize,
    body: String,
    receipt: String,
    hidden: Option<Instant>,
}

impl Message {
    fn is_visible(&self) -> bool {
        self.hidden.is_none_or(|until| until <= Instant::now())
    }
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || while answer(&stream, &state).is_some() {});
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}/123456789012/logs", self.address)
    }

    pub fn put(&self, body: &str) {
        let mut state = self.state.lock().unwrap();
        let id = state.messages.len();
        state.messages.push(Message {
            id,
            body: body.to_owned(),
            receipt: String::new(),
            hidden: None,
        });
    }

    /// What was not deleted.
    pub fn bodies(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.messages.iter().map(|m| m.body.clone()).collect()
    }

    pub fn visible(&self) -> usize {
        let state = self.state.lock().unwrap();
        state.messages.iter().filter(|m| m.is_visible()).count()
    }

    /// As if all their time were over.
    pub fn show_all(&self) {
        for message in &mut self.state.lock().unwrap().messages {
            message.hidden = None;
        }
    }

    pub fn refuse(&self, refusal: Option<(u16, &'static str)>) {
        self.state.lock().unwrap().refusal = refusal;
    }

    pub fn fail_entries(&self, entries: usize) {
        self.state.lock().unwrap().failing = entries;
    }
}

/// One request; none at the end of the connection.
fn answer(mut stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let (target, body) = request(stream)?;
    let refusal = state.lock().unwrap().refusal;
    let (status, reply) = match refusal {
        Some((status, code)) => (status, json!({"__type": code, "message": "no"})),
        None => (200, done(&target, &body, state)),
    };
    let reply = reply.to_string();
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Type: application/x-amz-json-1.0\r\n\
         Content-Length: {}\r\n\r\n",
        reply.len()
    );
    stream.write_all((head + &reply).as_bytes()).ok()
}

/// What is asked for, and its document.
fn request(mut stream: &TcpStream) -> Option<(String, Value)> {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(head) = parsed.parse(&bytes).unwrap() else {
            continue;
        };
        let header = |name: &str| {
            let found = parsed
                .headers
                .iter()
                .find(|h| h.name.eq_ignore_ascii_case(name));
            str::from_utf8(found.unwrap().value).unwrap().to_owned()
        };
        let length: usize = header("content-length").parse().unwrap();
        if let Some(body) = bytes.get(head..head + length) {
            return Some((
                header("x-amz-target"),
                serde_json::from_slice(body).unwrap(),
            ));
        }
    }
}

fn done(target: &str, body: &Value, state: &Mutex<State>) -> Value {
    if target == "AmazonSQS.ReceiveMessage" {
        return receive(body, state);
    }
    let mut state = state.lock().unwrap();
    let entries = body["Entries"].as_array().unwrap();
    assert!((1..=10).contains(&entries.len()));
    let (mut succeeded, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let receipt = entry["ReceiptHandle"].as_str().unwrap();
        let id = &entry["Id"];
        let at = state.messages.iter().position(|m| m.receipt == receipt);
        match (target, at) {
            ("AmazonSQS.DeleteMessageBatch", _) if state.failing > 0 => {
                state.failing -= 1;
                failed.push(json!({"Id": id, "SenderFault": false, "Code": "InternalError"}));
                continue;
            }
            ("AmazonSQS.DeleteMessageBatch", Some(at)) => drop(state.messages.remove(at)),
            ("AmazonSQS.DeleteMessageBatch", None) => {}
            ("AmazonSQS.ChangeMessageVisibilityBatch", Some(at)) => {
                let seconds = entry["VisibilityTimeout"].as_u64().unwrap();
                state.messages[at].hidden = Some(Instant::now() + Duration::from_secs(seconds));
            }
            ("AmazonSQS.ChangeMessageVisibilityBatch", None) => {
                let code = "ReceiptHandleIsInvalid";
                failed.push(json!({"Id": id, "SenderFault": true, "Code": code}));
                continue;
            }
            other => panic!("{other:?}"),
        }
        succeeded.push(json!({"Id": id}));
    }
    json!({"Successful": succeeded, "Failed": failed})
}

fn receive(body: &Value, state: &Mutex<State>) -> Value {
    let begun = Instant::now();
    loop {
        let mut state = state.lock().unwrap();
        let seconds = body["VisibilityTimeout"].as_u64().unwrap();
        let most = body["MaxNumberOfMessages"].as_u64().unwrap() as usize;
        let mut receipts = state.receipts;
        let mut messages = Vec::new();
        for message in state
            .messages
            .iter_mut()
            .filter(|m| m.is_visible())
            .take(most)
        {
            receipts += 1;
            message.receipt = format!("receipt-{receipts}");
            message.hidden = Some(Instant::now() + Duration::from_secs(seconds));
            messages.push(json!({
                "MessageId": message.id.to_string(),
                "ReceiptHandle": message.receipt,
                "Body": message.body,
            }));
        }
        state.receipts = receipts;
        if !messages.is_empty() {
            return json!({"Messages": messages});
        }
        drop(state);
        if begun.elapsed() > POLL {
            return json!({});
        }
        thread::sleep(Duration::from_millis(5));
    }
}
