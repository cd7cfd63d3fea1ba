// Sends one file over HTTP and prints its receipt. Node 18 or later, nothing to install.
//
//   TOKEN=… node send.mjs URL FILE CONTENT_TYPE KEY
//
// KEY names this message: sending it again with the same key, after any failure, counts once.

import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

const [url, file, type, key] = process.argv.slice(2);
const body = await readFile(file);
const headers = { "Content-Type": type, "Idempotency-Key": key };
if (process.env.TOKEN) headers.Authorization = `Bearer ${process.env.TOKEN}`;

async function attempt() {
  try {
    return await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(30_000) });
  } catch {
    return null; // No answer: whether it was stored is not known, so it is sent again.
  }
}

for (let tries = 0; tries < 6; tries++) {
  const answer = await attempt();
  if (answer?.status === 202) {
    console.log(answer.headers.get("x-receipt-id"));
    process.exit(0);
  }
  if (answer && answer.status < 500 && answer.status !== 408) {
    console.error(`not taken: ${answer.status} ${await answer.text()}`);
    process.exit(1);
  }
  await pause(Number(answer?.headers.get("retry-after") ?? 2 ** tries) * 1000);
}
console.error("not taken: no answer; keep the message and send it again later with the same key");
process.exit(1);
