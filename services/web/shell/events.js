// One stream of events for all tabs of a browser: browsers allow six
// connections to a host over HTTP/1.1, and six tabs must not use them up.
//
// Only tabs that can be seen take part. One of them leads: it holds the stream
// and tells the others over a BroadcastChannel. The leader is found with Web
// Locks, or, on plain HTTP where those do not exist, with a lease in
// localStorage that the leader renews. A tab that comes into view asks the box
// for its state anew, so an event missed between two leaders costs nothing.

const LEASE_MS = 5000;
const RENEW_MS = 1500;

// follow calls changed({kind, source}) for each event, and
// changed({kind: "reset"}) whenever events may have been missed.
export function follow(url, changed) {
  const channel = new BroadcastChannel(`coffer-events ${url}`);
  const lead = navigator.locks ? leadByLock(url) : leadByLease(url);
  let stop = null;

  channel.onmessage = (message) => {
    if (!document.hidden) changed(message.data);
  };
  const tell = (event) => {
    changed(event);
    channel.postMessage(event);
  };
  const look = () => {
    if (document.hidden) {
      stop?.();
      stop = null;
    } else if (!stop) {
      stop = lead(() => open(url, tell));
    }
  };
  document.addEventListener("visibilitychange", () => {
    look();
    if (!document.hidden) changed({ kind: "reset" });
  });
  window.addEventListener("pagehide", () => {
    stop?.();
    stop = null;
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) changed({ kind: "reset" });
    look();
  });
  look();
  // What happened between the making of the page and now, when another tab
  // has the stream open already.
  changed({ kind: "reset" });
}

// open holds the stream, and returns what closes it.
function open(url, tell) {
  let stream = null;
  let timer = 0;
  let wait = 2000;
  const connect = () => {
    stream = new EventSource(url);
    stream.onopen = () => {
      wait = 2000;
      tell({ kind: "reset" }); // what happened before it was open
    };
    stream.onerror = () => {
      if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      tell({ kind: "reset" }); // finds out whether the session has ended
      timer = setTimeout(connect, wait);
      wait = Math.min(wait * 2, 60000);
    };
    for (const kind of ["job", "source", "box", "reset"]) {
      stream.addEventListener(kind, (event) => {
        const data = parse(event.data);
        tell({ kind, source: data.source_id || data.id || "" });
      });
    }
  };
  connect();
  return () => {
    clearTimeout(timer);
    stream.close();
  };
}

function parse(text) {
  try {
    return JSON.parse(text) || {};
  } catch {
    return {};
  }
}

// A leadBy function takes what to do while leading, and returns what gives the
// lead up.
function leadByLock(name) {
  return (start) => {
    const ended = new AbortController();
    navigator.locks
      .request(`coffer-events ${name}`, { signal: ended.signal }, () => {
        const close = start();
        return new Promise((done) => {
          ended.signal.addEventListener("abort", () => {
            close();
            done();
          });
        });
      })
      .catch(() => {}); // given up before it led
    return () => ended.abort();
  };
}

function leadByLease(name) {
  const key = `coffer-events ${name}`;
  return (start) => {
    const me = `${Date.now()} ${Math.random()}`;
    let close = null;
    const renew = () => {
      const held = read(key);
      if (held.by !== me && held.until > Date.now()) {
        close?.();
        close = null;
        return;
      }
      write(key, { by: me, until: Date.now() + LEASE_MS });
      if (held.by !== me) return; // leads from the next turn on, if nobody else took it meanwhile
      close ??= start();
    };
    renew();
    const soon = setTimeout(renew, 150);
    const timer = setInterval(renew, RENEW_MS);
    return () => {
      clearTimeout(soon);
      clearInterval(timer);
      close?.();
      close = null;
      if (read(key).by === me) write(key, { by: "", until: 0 });
    };
  };
}

function read(key) {
  return parse(localStorage.getItem(key) || "{}");
}

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full or forbidden: every tab that is seen leads, which works too.
  }
}
