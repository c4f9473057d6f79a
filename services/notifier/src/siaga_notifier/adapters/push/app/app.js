"use strict";
const $ = (id) => document.getElementById(id);

function notice(text) {
  $("notice").textContent = text || "";
  $("notice").hidden = !text;
}

async function draw() {
  const own = await get("own", "session");
  const tasks = own ? (await all("tasks")).sort((one, other) => other.at - one.at) : [];
  $("unit").textContent = own ? `${own.unit_id} · ${own.device}` : "Regu";
  $("out").hidden = !own;
  $("sign-in").hidden = Boolean(own);
  const open = tasks.filter((task) => !task.over && !ENDING.includes(task.said));
  $("waiting").hidden = !own || open.length > 0;
  $("tasks").replaceChildren(...[...open, ...tasks.filter((task) => !open.includes(task))].slice(0, 10).map(card));
}

function card(task) {
  const item = $("task").content.firstElementChild.cloneNode(true);
  const part = (name) => item.querySelector(`.${name}`);
  item.dataset.code = task.task_code;
  item.classList.toggle("urgent", ["P0", "P1"].includes(task.priority) && !task.over);
  item.querySelector("h2").textContent = `${task.over ? "DIBATALKAN " : ""}#${task.task_code} ${task.priority}`;
  part("address").textContent = task.address || "";
  part("text").textContent = task.text;
  part("note").textContent = task.note || "";
  part("map").hidden = task.lat == null;
  if (task.lat != null) part("map").href = `https://www.openstreetmap.org/?mlat=${task.lat}&mlon=${task.lon}#map=17/${task.lat}/${task.lon}`;
  part("call").hidden = !task.callback_number;
  if (task.callback_number) part("call").href = `tel:${task.callback_number}`;
  part("said").textContent = task.over ? "Tidak perlu ke lokasi, kembali siaga." : task.said ? `Jawaban: ${SAYS[task.said]}` : "Belum dijawab";
  part("answers").hidden = task.over || ENDING.includes(task.said);
  for (const button of item.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.status === task.said));
    button.addEventListener("click", () => answered(task, button.dataset.status));
  }
  return item;
}

async function answered(task, status) {
  const sent = await answer(task, status);
  for (const each of await (await navigator.serviceWorker.ready).getNotifications()) if (each.data.task_code === task.task_code) each.close();
  notice(sent ? "" : "Jawaban belum terkirim: tidak ada sambungan. Akan dikirim begitu tersambung; bila mendesak, balas SMS.");
  await draw();
}

async function signIn(event) {
  event.preventDefault();
  const [tenant, device, unit_id, token] = ["tenant", "device", "unit_id", "token"].map((name) => event.target.elements[name].value.trim());
  try {
    if ((await Notification.requestPermission()) !== "granted") throw new Error("Izinkan pemberitahuan untuk halaman ini, lalu masuk lagi.");
    const asked = await fetch(`../v1/push/key?tenant=${encodeURIComponent(tenant)}`);
    const { public_key: key, detail } = await asked.json();
    if (!asked.ok) throw new Error(`Daerah ${tenant} tidak dikenal atau tidak memakai alarm peramban (${detail}).`);
    const { pushManager } = await navigator.serviceWorker.ready;
    // One made with another centre's key would be refused.
    const old = await pushManager.getSubscription();
    if (old) await old.unsubscribe();
    const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const answer = await ask(`v1/devices/webpush/${encodeURIComponent(device)}`, "PUT", token, { unit_id, subscription: subscription.toJSON() });
    const said = await answer.json();
    if (!answer.ok) throw new Error(`Ditolak: ${said.detail}`);
    await forget();
    await put("own", "session", { ...said, key });
    event.target.reset();
    notice("");
  } catch (error) { notice(error.message); }
  await draw();
}

async function signOut() {
  const own = await get("own", "session");
  const told = await ask(`v1/devices/webpush/${encodeURIComponent(own.device)}`, "DELETE", own.session).catch(() => null);
  // Only when the centre knows may the phone go to another crew.
  if (!told || (told.status >= 400 && told.status !== 401)) {
    notice("Belum keluar: pusat tidak terjangkau. Coba lagi sebelum perangkat diserahkan.");
    return;
  }
  await leave("");
}

async function leave(text) {
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.getSubscription();
  if (subscription) await subscription.unsubscribe().catch(() => {});
  for (const each of await registration.getNotifications()) each.close();
  await forget();
  notice(text);
  await draw();
}

// The keys of the SMS: 1 2 3 0, for the newest open task.
function typed(event) {
  if (event.target.closest("input") || event.ctrlKey || event.altKey || event.metaKey) return;
  const place = ["1", "2", "3", "0"].indexOf(event.key);
  const buttons = document.querySelectorAll("#tasks .answers:not([hidden])")[0]?.querySelectorAll("button");
  if (place >= 0 && buttons) buttons[place].click();
}

channel.addEventListener("message", ({ data }) => (data === "ended" ? leave("Perangkat ini sudah keluar. Masuk lagi untuk menerima alarm.") : draw()));
document.addEventListener("keydown", typed);
document.addEventListener("visibilitychange", () => { if (!document.hidden) post().then(draw); });
window.addEventListener("online", () => post().then((sent) => { if (sent) notice(""); }));
$("sign-in").addEventListener("submit", signIn);
$("out").addEventListener("click", signOut);
if ("serviceWorker" in navigator && "PushManager" in window) navigator.serviceWorker.register("sw.js").then(draw);
else notice("Peramban ini tidak dapat menerima alarm. Di iPhone: tambahkan halaman ini ke layar utama, lalu buka dari sana.");
draw().then(post);
