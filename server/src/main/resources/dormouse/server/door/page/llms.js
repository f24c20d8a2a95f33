// The table: a row for each Llm, in order of name. Everything that comes from outside is written as text, never as markup.

export const STATUSES = ["ACTIVE", "WAKING", "HIBERNATING", "INACTIVE"];

/** An element with a class and a text. */
export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Writes a text where it is another one: a cell that stays the same costs the browser nothing. */
export function write(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** `12s 3m 2h 5d`, in the largest unit that says something, as the command line has it. */
export function ago(time, now) {
  if (!time) {
    return "–";
  }
  const seconds = Math.max(0, Math.floor((now - Date.parse(time)) / 1000));
  if (seconds < 120) {
    return `${seconds}s`;
  }
  if (seconds < 120 * 60) {
    return `${Math.floor(seconds / 60)}m`;
  }
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

/** The word for a status, with its colour and shape. */
export function showStatus(node, status) {
  node.className = "status";
  node.dataset.status = status;
  write(node, status.toLowerCase());
}

function wake(llm, now) {
  const expected = llm.expectedWakeSeconds;
  const about = expected === null ? "" : `~${expected < 10 ? Math.round(expected * 10) / 10 : Math.round(expected)}s`;
  if (llm.status === "WAKING") {
    const since = ago(llm.updateTime, now);
    return about ? `${since} of ${about}` : since;
  }
  return llm.wakeable ? about || "?" : "–";
}

export class Fleet {
  #rows = new Map(); // by name
  #names = []; // in order
  #seen = null; // names of the snapshot that is coming in
  #body;
  #open;
  #words = [];

  /** @param open is told the name of the Llm that somebody wants to see more of */
  constructor(body, open) {
    this.#body = body;
    this.#open = open;
  }

  get size() {
    return this.#rows.size;
  }

  find(name) {
    return this.#rows.get(name)?.llm;
  }

  /** One that answers, sooner or later, where there is such. */
  example() {
    return this.#names.find((name) => this.find(name).status !== "INACTIVE") ?? this.#names[0];
  }

  /** Those whose status this is. */
  count(status) {
    let count = 0;
    this.#rows.forEach((row) => { count += row.llm.status === status; });
    return count;
  }

  /** What was known may be old: what the snapshot that follows does not name is gone. */
  beginSnapshot() {
    this.#seen ??= new Set();
  }

  endSnapshot() {
    if (this.#seen) {
      [...this.#names].filter((name) => !this.#seen.has(name)).forEach((name) => this.remove(name));
      this.#seen = null;
    }
  }

  put(llm, now) {
    this.#seen?.add(llm.name);
    let row = this.#rows.get(llm.name);
    if (!row) {
      row = this.#add(llm.name);
    }
    row.llm = llm;
    write(row.button, llm.name);
    write(row.under, llm.model ?? "");
    showStatus(row.status, llm.status);
    row.status.title = llm.statusReason ?? "";
    write(row.model, llm.model ?? "–");
    write(row.pool, llm.pool ?? "–");
    write(row.agent, llm.agent ?? "–");
    write(row.tasks, `${llm.activeTasks}/${llm.concurrency}${llm.queuedTasks ? ` +${llm.queuedTasks}` : ""}`);
    row.tasks.title = `${llm.activeTasks} of ${llm.concurrency} run, ${llm.queuedTasks} wait`;
    this.#tell(row, now);
    this.#sift(row);
  }

  /** What no event tells, a sign of life, where nothing else has changed meanwhile. */
  refresh(llm, now) {
    if (this.#rows.get(llm.name)?.llm.revision === llm.revision) {
      this.put(llm, now);
    }
  }

  remove(name) {
    const row = this.#rows.get(name);
    if (row) {
      row.tr.remove();
      this.#rows.delete(name);
      this.#names.splice(this.#place(name), 1);
    }
  }

  /** A second has passed. */
  tick(now) {
    this.#rows.forEach((row) => {
      if (!row.tr.hidden) {
        this.#tell(row, now);
      }
    });
  }

  /** Shows those alone that have every word somewhere. @return how many there are */
  filter(text) {
    this.#words = text.toLowerCase().split(/\s+/).filter((word) => word);
    this.#rows.forEach((row) => this.#sift(row));
    return this.shown();
  }

  shown() {
    let shown = 0;
    this.#rows.forEach((row) => { shown += !row.tr.hidden; });
    return shown;
  }

  #sift({ tr, llm }) {
    const text = [llm.name, llm.model, llm.pool, llm.agent, llm.status, llm.kind].join(" ").toLowerCase();
    tr.hidden = !this.#words.every((word) => text.includes(word));
  }

  #tell(row, now) {
    write(row.heard, ago(row.llm.lastHeartbeatTime, now));
    write(row.age, ago(row.llm.createTime, now));
    write(row.wake, wake(row.llm, now));
    row.wake.title = row.llm.wakeable ? "can be woken" : "cannot be woken";
  }

  #add(name) {
    const tr = document.createElement("tr");
    const head = element("th", "name");
    head.scope = "row";
    const button = element("button", "open");
    button.type = "button";
    const under = element("span", "under");
    head.append(button, under);
    const cell = (className) => tr.appendChild(element("td", className));
    tr.append(head);
    const row = { tr, button, under };
    row.status = cell("").appendChild(element("span", "status"));
    row.model = cell("more");
    row.pool = cell("more");
    row.agent = cell("more");
    row.tasks = cell("number");
    row.heard = cell("number");
    row.age = cell("number more");
    row.wake = cell("number more");
    tr.addEventListener("click", () => this.#open(name));
    const place = this.#place(name);
    this.#body.insertBefore(tr, this.#body.rows[place] ?? null);
    this.#names.splice(place, 0, name);
    this.#rows.set(name, row);
    return row;
  }

  /** Where a name stands, or would. */
  #place(name) {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#names[middle] < name) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
