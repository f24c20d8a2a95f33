// One Llm, with what happened to it. Stays up to date while it is open.

import { json } from "./events.js";
import { ago, element, showStatus, write } from "./llms.js";

const HISTORY = 50;

const FIELDS = [
  ["Kind", (llm) => llm.kind.toLowerCase()],
  ["Model", (llm) => llm.model],
  ["Type", (llm) => llm.type],
  ["Pool", (llm) => llm.pool],
  ["Agent", (llm) => llm.agent],
  ["Tasks", (llm) => `${llm.activeTasks} run, ${llm.queuedTasks} wait, ${llm.concurrency} at a time`],
  ["Can be", (llm) => [llm.wakeable && "woken", llm.sleepable && "put to sleep"].filter(Boolean).join(", ") || null],
  ["A wake takes", (llm) => llm.expectedWakeSeconds === null ? null : `about ${llm.expectedWakeSeconds} s`],
  ["Labels", (llm) => Object.entries(llm.labels).map(([key, value]) => `${key}=${value}`).join(", ") || null],
  ["Last heard", (llm) => at(llm.lastHeartbeatTime)],
  ["Inactive since", (llm) => at(llm.inactiveSince)],
  ["Registered", (llm) => at(llm.createTime)],
  ["Session", (llm) => llm.sessionId],
  ["Server", (llm) => llm.replica],
  ["Revision", (llm) => String(llm.revision)],
];

function at(time) {
  return time ? `${new Date(time).toLocaleString()} (${ago(time, Date.now())} ago)` : null;
}

export class Details {
  #dialog;
  #curl;
  #bearer;
  #name = null;

  /** @param curl how to call a name  @param bearer the token of this tab */
  constructor(dialog, curl, bearer) {
    this.#dialog = dialog;
    this.#curl = curl;
    this.#bearer = bearer;
    dialog.addEventListener("close", () => { this.#name = null; });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) {
        dialog.close(); // beside it
      }
    });
  }

  open(llm) {
    this.#name = llm.name;
    this.#part("history").replaceChildren();
    this.show(llm);
    this.#dialog.showModal();
    this.history();
  }

  isOf(name) {
    return this.#name === name;
  }

  show(llm) {
    write(this.#part("name"), llm.name);
    const word = element("span");
    showStatus(word, llm.status);
    this.#part("status").replaceChildren(word, ...reason(llm.statusReason, llm.status));
    this.#part("fields").replaceChildren(...FIELDS.flatMap(([label, value]) => {
      const text = value(llm);
      return text ? [element("dt", "", label), element("dd", "", text)] : [];
    }));
    write(this.#part("curl"), this.#curl(llm.name));
  }

  async history() {
    const name = this.#name;
    const none = this.#part("history-none");
    try {
      const { history } = await json(`/api/llms/${encodeURIComponent(name)}?history=${HISTORY}`, this.#bearer());
      if (this.isOf(name)) {
        none.hidden = true;
        this.#part("history").replaceChildren(...history.map(line));
      }
    } catch (e) {
      if (this.isOf(name)) {
        none.hidden = false;
        write(none, "The history can't be read now.");
      }
    }
  }

  #part(name) {
    return document.getElementById(`llm-${name}`);
  }
}

function line(event) {
  const item = element("li");
  const time = element("time", "", new Date(event.time).toLocaleString());
  time.dateTime = event.time;
  item.append(time, element("b", "", words(event.type)), ...reason(event.detail, event.status));
  return item;
}

function words(constant) {
  return constant.toLowerCase().replaceAll("_", " ");
}

/** Nothing where it says no more than the status. */
function reason(text, status) {
  return text && text !== words(status) ? [element("span", "reason", text)] : [];
}
