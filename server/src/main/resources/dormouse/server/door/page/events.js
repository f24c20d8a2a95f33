// Follows /api/events for as long as the page is open. The browser's own EventSource cannot send a token, and takes a
// connection for alive that has long been dead; this reads the same stream, and knows that something comes every 15 s.

const SILENCE = 40_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/**
 * @param on hears each event: its name and its data, read from JSON
 * @param state hears "live", "lost" and "denied"
 * @param token gives the token to send, or null; a promise of it once it was denied
 */
export async function follow({ on, state, token }) {
  let lastId = null;
  let pause = FIRST_PAUSE;
  let bearer = await token(0);
  for (;;) {
    const status = await once(
      headers(lastId, bearer),
      (id) => { lastId = id; },
      (name, data) => {
        pause = FIRST_PAUSE;
        state("live");
        on(name, data);
      });
    if (status === 401 || status === 403) {
      state("denied");
      bearer = await token(status);
      lastId = null; // another token may see other Llms
    } else {
      state("lost");
      await rest(pause * (0.5 + Math.random() / 2));
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }
}

/** A fetch of JSON with the token of this tab; throws where the server does not give it. */
export async function json(path, bearer) {
  const response = await fetch(path, { headers: headers(null, bearer), cache: "no-store" });
  if (!response.ok) {
    throw new Error(`${path}: ${response.status}`);
  }
  return response.json();
}

function headers(lastId, bearer) {
  return {
    ...(lastId === null ? {} : { "last-event-id": lastId }),
    ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
  };
}

/** One connection, until it ends in whatever way; its status, or 0. */
async function once(asked, keep, on) {
  const given = new AbortController();
  let alarm;
  const alive = () => {
    clearTimeout(alarm);
    alarm = setTimeout(() => given.abort(), SILENCE);
  };
  alive();
  try {
    const response = await fetch("/api/events", { headers: asked, cache: "no-store", signal: given.signal });
    if (!response.ok) {
      return response.status;
    }
    const lines = new Lines(keep, on);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return response.status;
      }
      alive();
      lines.take(value);
    }
  } catch (cut) {
    return 0;
  } finally {
    clearTimeout(alarm);
  }
}

/** Cuts a stream into events, however its text is split on the way. */
class Lines {
  #rest = "";
  #name = "message";
  #data = "";
  #keep;
  #on;

  constructor(keep, on) {
    this.#keep = keep;
    this.#on = on;
  }

  take(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    lines.forEach((line) => this.#line(line));
  }

  #line(line) {
    if (line === "") {
      if (this.#data !== "") {
        this.#tell(this.#name, JSON.parse(this.#data));
      }
      this.#name = "message";
      this.#data = "";
    } else if (line.startsWith("event: ")) {
      this.#name = line.slice(7);
    } else if (line.startsWith("id: ")) {
      this.#keep(line.slice(4));
    } else if (line.startsWith("data: ")) {
      this.#data += line.slice(6);
    }
  }

  /** A fault of this page's own is not a lost connection. */
  #tell(name, data) {
    try {
      this.#on(name, data);
    } catch (fault) {
      reportError(fault);
    }
  }
}

/** Ends early when the network is back, or somebody looks at the page again. */
function rest(millis) {
  return new Promise((resolve) => {
    const up = () => {
      clearTimeout(alarm);
      removeEventListener("online", up);
      document.removeEventListener("visibilitychange", up);
      resolve();
    };
    const alarm = setTimeout(up, millis);
    addEventListener("online", up);
    document.addEventListener("visibilitychange", up);
  });
}
