// One upload: its progress, and trying again by itself when the network fails.
// Sending again is safe, because the box knows content it has already.

const TRIES = 6;
const FIRST_WAIT_S = 2;

// upload sends a file and resolves with the source. It rejects with a string:
// a word of the tray that says why, or the box's own words. report gets
// {percent}, {finishing} or {again: seconds}; signal ends it.
export async function upload(url, file, report, signal) {
  if (file.size === 0 && (await unreadable(file))) throw fault("empty");
  for (let attempt = 1; ; attempt++) {
    const answer = await send(url, file, report, signal);
    if (answer.status === 200 || answer.status === 202) return answer.body;
    if (signal.aborted) throw fault("removed");
    if (!passing(answer.status) || attempt === TRIES) throw why(answer);
    const wait = answer.retryAfter || FIRST_WAIT_S * 2 ** (attempt - 1);
    await countdown(wait, report, signal);
  }
}

function send(url, file, report, signal) {
  return new Promise((done) => {
    const form = new FormData();
    form.append("file", file, file.name);
    const request = new XMLHttpRequest();
    const failed = () => done({ status: 0, body: {} });
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) report({ percent: Math.floor((100 * event.loaded) / event.total) });
    };
    request.upload.onload = () => report({ finishing: true });
    request.onerror = failed;
    request.onabort = failed;
    request.onload = () =>
      done({ status: request.status, body: parse(request.responseText), retryAfter: Number(request.getResponseHeader("Retry-After")) || 0 });
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.send(form);
  });
}

// passing reports what may be gone in a moment: no connection, a busy box, a
// restarting one.
function passing(status) {
  return status === 0 || status === 400 || status === 408 || status === 429 || status >= 502 && status <= 504;
}

function why(answer) {
  switch (answer.status) {
    case 0:
    case 502:
    case 503:
    case 504:
      return fault("offline");
    case 401:
      return fault("signedout");
    case 413:
      return fault("toolarge");
    case 507:
      return fault("full");
  }
  return fault("refused", answer.body.detail);
}

function fault(word, detail = "") {
  return Object.assign(new Error(word), { word, detail });
}

async function countdown(seconds, report, signal) {
  for (let left = Math.ceil(seconds); left > 0 && !signal.aborted; left--) {
    report({ again: left });
    await new Promise((done) => {
      setTimeout(done, 1000);
      window.addEventListener("online", () => { left = 0; done(); }, { once: true });
    });
  }
}

// unreadable tells a folder, or a file that was moved, from one that is empty;
// both are refused, with the same words.
async function unreadable(file) {
  try {
    return (await file.slice(0, 1).arrayBuffer()).byteLength === 0;
  } catch {
    return true;
  }
}

function parse(text) {
  try {
    return JSON.parse(text) || {};
  } catch {
    return {};
  }
}
