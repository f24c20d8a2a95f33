// The fleet, live: what /api/events tells, as a table.

import { Details } from "./details.js";
import { follow, json } from "./events.js";
import { element, Fleet, showStatus, STATUSES, write } from "./llms.js";

const TOKEN = "dormouse.token";
const REFRESH = 15_000;
const MARKS = new Set(["snapshot", "load"]);

const by = (id) => document.getElementById(id);
const base = `${location.origin}/v1`;
const token = () => sessionStorage.getItem(TOKEN);

const fleet = new Fleet(by("fleet").tBodies[0], (name) => details.open(fleet.find(name)));
const details = new Details(by("llm"), curl, token);
let complete = false; // the first snapshot is here
let pending = false;
let state = "connecting";

function curl(name) {
  const secret = token() ? " -H \"authorization: Bearer $DORMOUSE_TOKEN\"" : "";
  const body = JSON.stringify({ model: name, messages: [{ role: "user", content: "Hello!" }] });
  return `curl ${base}/chat/completions${secret} \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`;
}

/** Shows what has changed, once for all that came together. */
function soon() {
  if (!pending) {
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      summary();
    });
  }
}

function summary() {
  const some = fleet.size > 0;
  by("tools").hidden = !some;
  by("fleet").hidden = !some;
  by("call").hidden = !some;
  by("empty").hidden = some || !complete;
  by("none").hidden = !some || fleet.shown() > 0;
  by("counts").replaceChildren(...STATUSES.filter((status) => fleet.count(status)).map((status) => {
    const item = element("li");
    const word = item.appendChild(element("span"));
    showStatus(word, status);
    item.append(` ${fleet.count(status)}`);
    return item;
  }));
  write(by("curl"), some ? curl(fleet.example()) : "");
  document.title = some ? `Dormouse (${fleet.size})` : "Dormouse";
}

function on(name, data) {
  if (name === "reset") {
    fleet.beginSnapshot();
  } else if (name === "snapshot_end") {
    fleet.endSnapshot();
    complete = true;
  } else if (name === "deleted") {
    fleet.remove(data.llm.name);
  } else if (data.llm) {
    if (name === "snapshot") {
      fleet.beginSnapshot();
    }
    fleet.put(data.llm, Date.now());
  }
  if (data.llm && details.isOf(data.llm.name)) {
    details.show(data.llm);
    if (!MARKS.has(name)) {
      details.history();
    }
  }
  soon();
}

const WORDS = {
  live: "live",
  lost: "connection lost, trying again …",
  denied: "a token is needed",
};

function connection(now) {
  if (state !== now) {
    state = now;
    const shown = by("connection");
    shown.dataset.state = now;
    write(shown, WORDS[now]);
    document.body.classList.toggle("stale", now !== "live");
  }
}

/** Asks for a token, once the server has refused to go on without one, or with this one. */
function askToken(status) {
  if (!status) {
    return token();
  }
  const dialog = by("denied");
  if (token()) {
    write(by("denied-why"), "This server does not know that token, or it may not see the fleet.");
  }
  dialog.showModal();
  return new Promise((resolve) => {
    by("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const said = by("token").value.trim();
      by("token").value = "";
      sessionStorage.setItem(TOKEN, said);
      dialog.close();
      resolve(said);
    }, { once: true });
  });
}

/** Signs of life are no events: they are asked for while somebody looks, less often where there are many. */
async function refresh() {
  if (state === "live" && !document.hidden && fleet.size > 0) {
    try {
      const { llms } = await json("/api/llms", token());
      llms.forEach((llm) => fleet.refresh(llm, Date.now()));
    } catch (e) {
      // the stream of events notices as well, and says so
    }
  }
  setTimeout(refresh, REFRESH + fleet.size * 20);
}

function copy(event) {
  const button = event.currentTarget;
  const source = by(button.dataset.copy);
  const done = (word) => {
    write(button, word);
    setTimeout(() => write(button, "Copy"), 1500);
  };
  const select = () => { // where the page is not served from a place that the browser trusts
    getSelection().selectAllChildren(source);
    done("Selected");
  };
  if (navigator.clipboard) {
    navigator.clipboard.writeText(source.textContent).then(() => done("Copied"), select);
  } else {
    select();
  }
}

document.querySelectorAll("[data-text=base]").forEach((node) => write(node, base));
document.querySelectorAll("[data-text=grpc]").forEach((node) => write(node, `${location.hostname}:7700`));
document.querySelectorAll("[data-copy]").forEach((button) => button.addEventListener("click", copy));
by("denied").addEventListener("cancel", (event) => event.preventDefault());
by("filter").addEventListener("input", (event) => {
  fleet.filter(event.target.value);
  soon();
});
setInterval(() => fleet.tick(Date.now()), 1000);
setTimeout(refresh, REFRESH);
follow({ on, state: connection, token: askToken });
