"use strict";
importScripts("shared.js");

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(rung(event.data.json())));
self.addEventListener("sync", (event) => event.waitUntil(post().then((sent) => { if (!sent) throw new Error("not yet"); })));
self.addEventListener("notificationclick", (event) => event.waitUntil(tapped(event)));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renewed(event)));

async function rung(order) {
  if (!(await get("own", "session"))) return;
  // The same order twice in one moment must not find itself unknown twice.
  await navigator.locks.request("alarm", () => alarm(order));
  channel.postMessage("changed");
  await say({ order_id: order.order_id, attempt_id: order.attempt_id, status: "shown" });
}

// One alarm per order, however often it comes: only a change of the task rings again.
async function alarm(order) {
  const before = await get("tasks", order.task_code);
  // Codes begin anew each day.
  const same = before && before.ticket_no === order.ticket_no ? before : null;
  // What was overtaken by a change, or by the end of its task, does not ring after it.
  const known = same && (same.seen.includes(order.order_id) || order.event_at_ms < same.event_at_ms);
  const task = known ? { ...same, attempt_id: order.attempt_id } : {
    ...order, at: Date.now(), over: order.kind === "stand_down", seen: [...(same ? same.seen : []), order.order_id],
    // A change leaves what the crew has said of its task; what it has not answered yet is the first order.
    said: same && same.said, answers: same && !same.said ? same.answers : order.order_id,
  };
  await put("tasks", order.task_code, task);
  const open = await self.registration.getNotifications({ tag: order.order_id });
  if (!known && order.kind !== "dispatch" && order.kind !== "trial") await silence(task, order.order_id);
  if (!known || !open.length) await show(task, !known);
}

async function silence(task, but) {
  for (const each of await self.registration.getNotifications())
    if (each.data.task_code === task.task_code && each.tag !== but) each.close();
}

function show(task, loud) {
  const asks = !task.over && !task.said;
  const title = task.kind === "trial" ? `UJI COBA #${task.task_code}`
    : task.over ? `DIBATALKAN #${task.task_code}` : `${task.priority} Tugas #${task.task_code}`;
  return self.registration.showNotification(title, {
    body: task.text, tag: task.order_id, renotify: loud && task.kind === "update", silent: !loud, lang: "id",
    requireInteraction: asks, vibrate: loud ? [600, 200, 600, 200, 600] : undefined, icon: "icon.svg", badge: "icon.svg",
    data: { task_code: task.task_code }, timestamp: task.event_at_ms,
    actions: asks ? [{ action: "en_route", title: "Meluncur" }, { action: "declined", title: "Tolak" }] : [],
  });
}

async function tapped(event) {
  event.notification.close();
  const task = await get("tasks", event.notification.data.task_code);
  if (task && event.action) {
    if (await answer(task, event.action)) return;
  } else if (task) await say({ order_id: task.order_id, attempt_id: task.attempt_id, status: "read" });
  const [page] = await self.clients.matchAll({ type: "window" });
  await (page ? page.focus() : self.clients.openWindow("./")).catch(() => {});
}

// The browser may change the subscription by itself; without this the phone would fall silent.
async function renewed(event) {
  const own = await get("own", "session");
  if (!own) return;
  const options = event.oldSubscription ? event.oldSubscription.options : { userVisibleOnly: true, applicationServerKey: own.key };
  const subscription = event.newSubscription || (await self.registration.pushManager.subscribe(options));
  const told = await ask(`v1/devices/webpush/${encodeURIComponent(own.device)}`, "PUT", own.session, { subscription: subscription.toJSON() });
  if (told.ok) await put("own", "session", { ...own, ...(await told.json()) });
}
