// Closing a dispute with Stripe's Node SDK, against `replaydisputes serve`.
import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";

const server = new URL(process.env.STRIPE_API_BASE ?? "http://127.0.0.1:12111");
// The disputes of four shipped cassettes; `replaydisputes serve` tells their ids when it starts.
const LOST = "du_1AAAAAreplaydisp00000001"; // close-lost
const TWICE = "du_1AAAAAreplaydisp1MxbtBkz"; // close-twice
const LISTED = "du_1AAAAAreplaydisp5UqPOcYJ"; // close-list
const ITS_CHARGE = "ch_1AAAAAreplaydisp580QPi0w";
const UNKNOWN = "du_1AAAAAreplaydisp1YON23EJ"; // close-unknown

async function tell(key, what, body) {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const answer = await fetch(new URL(`/_replaydisputes/${what}`, server), { method: "POST", headers, body });
  assert.ok(answer.ok, await answer.text());
}

// A key of the test's own is a session of its own, from the start of the recordings.
async function session(name, options = {}) {
  const key = `sk_test_node_${name}`;
  await tell(key, "reset");
  const { hostname: host, port } = server;
  const stripe = new Stripe(key, { host, port: port || 80, protocol: "http", ...options });
  return { disputes: stripe.disputes, failNext: (kind) => tell(key, "fail-next", JSON.stringify({ kind })) };
}

test("a close makes the dispute lost", async () => {
  const { disputes } = await session("lost");

  const before = await disputes.retrieve(LOST);
  const closed = await disputes.close(LOST);
  const after = await disputes.retrieve(LOST);

  assert.deepEqual([before.status, closed.status, after.status], ["needs_response", "lost", "lost"]);
});

test("a second close is refused", async () => {
  const { disputes } = await session("twice");
  await disputes.close(TWICE);

  await assert.rejects(disputes.close(TWICE), (error) => {
    assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError);
    assert.deepEqual([error.statusCode, error.message], [400, "This dispute is already closed"]);
    return true;
  });
});

test("an unknown id is refused", async () => {
  const { disputes } = await session("unknown");

  await assert.rejects(disputes.close(UNKNOWN), (error) => {
    assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError);
    assert.deepEqual([error.statusCode, error.code], [404, "resource_missing"]);
    return true;
  });
});

test("a list shows the close", async () => {
  const { disputes } = await session("list");
  const listed = async () =>
    (await disputes.list({ charge: ITS_CHARGE, limit: 1 })).data.map(({ id, status }) => [id, status]);

  assert.deepEqual(await listed(), [[LISTED, "needs_response"]]);
  await disputes.close(LISTED);
  assert.deepEqual(await listed(), [[LISTED, "lost"]]);
});

for (const kind of ["server-error", "connection-reset"]) {
  test(`the SDK tries again after a ${kind}`, async () => {
    const { disputes, failNext } = await session(kind.replace("-", "_"));
    await failNext(kind);

    assert.equal((await disputes.close(LOST)).status, "lost");
  });
}

test("without retries the error is typed and nothing is closed", async () => {
  const { disputes, failNext } = await session("no_retries", { maxNetworkRetries: 0 });
  await failNext("server-error");

  await assert.rejects(disputes.close(LOST), Stripe.errors.StripeAPIError);
  assert.equal((await disputes.retrieve(LOST)).status, "needs_response");
});
