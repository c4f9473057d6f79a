"use strict";
// What the page and the service worker share: a small memory, and a letter box that loses no answer.
const SAYS = { en_route: "Meluncur", on_scene: "Tiba", clear: "Selesai", declined: "Ditolak" };
const ENDING = ["clear", "declined"];
const channel = new BroadcastChannel("siaga");

function memory() {
  return new Promise((done, failed) => {
    const opening = indexedDB.open("siaga", 1);
    opening.onupgradeneeded = () => ["own", "tasks", "letters"].forEach((name) => opening.result.createObjectStore(name));
    opening.onsuccess = () => done(opening.result);
    opening.onerror = () => failed(opening.error);
  });
}

async function stored(name, act) {
  const database = await memory();
  try {
    return await new Promise((done, failed) => {
      const change = database.transaction(name, "readwrite");
      const asked = act(change.objectStore(name));
      change.oncomplete = () => done(asked && asked.result);
      change.onerror = () => failed(change.error);
    });
  } finally { database.close(); }
}

const get = (name, key) => stored(name, (store) => store.get(key));
const all = (name) => stored(name, (store) => store.getAll());
const put = (name, key, value) => stored(name, (store) => { store.put(value, key); });
const remove = (name, key) => stored(name, (store) => { store.delete(key); });

async function forget() {
  for (const name of ["own", "tasks", "letters"]) await stored(name, (store) => { store.clear(); });
}

function ask(path, method, bearer, content) {
  return fetch(new URL(`../${path}`, self.registration ? self.registration.scope : location.href), {
    method, headers: { Authorization: `Bearer ${bearer}`, "Content-Type": "application/json" },
    body: content && JSON.stringify(content), cache: "no-store", signal: AbortSignal.timeout(8000),
  });
}

const letterKey = (word) => `${word.order_id} ${word.attempt_id} ${word.status}`;

// Said at once, or as soon as there is a line again; the time is that of the tap.
async function say(word) {
  await put("letters", letterKey(word), { ...word, at_ms: Date.now() });
  return post();
}

// One at a time, in page and worker together; answers before receipts, for a line may last for one of them only.
const post = () => navigator.locks.request("letters", async () => {
  const own = await get("own", "session");
  if (!own) return false;
  for (const letter of (await all("letters")).sort((one, other) => (other.status in SAYS) - (one.status in SAYS))) {
    const answer = await ask("v1/answers", "POST", own.session, letter).catch(() => null);
    // What the centre refuses for good is not asked for ever; what it cannot take now is.
    if (!answer || answer.status >= 500 || answer.status === 429) return false;
    await remove("letters", letterKey(letter));
    if (answer.status === 401) channel.postMessage("ended");
  }
  return true;
});

async function answer(task, status) {
  await put("tasks", task.task_code, { ...task, said: status });
  const sent = await say({ order_id: task.answers, attempt_id: task.attempt_id, status });
  if (!sent && self.registration && registration.sync) await registration.sync.register("letters").catch(() => {});
  channel.postMessage("changed");
  return sent;
}
