// The openai package against corral, over a Unix socket (CORRAL_SOCKET) and over TCP (CORRAL_URL, CORRAL_KEY).
// Started by ../test_openai.py, whose daemon has one worker and a queue for one.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { Agent, fetch as undiciFetch } from "undici";

const { CORRAL_SOCKET, CORRAL_URL, CORRAL_KEY } = process.env;
const RULES = "Play one card that matches the color or the number of the top card. If you cannot play, draw one card. " +
  "The first player with no cards wins the round.";
const ask = (content) => ({ model: "default", messages: [{ role: "user", content }] });

const dispatcher = new Agent({ connect: { socketPath: CORRAL_SOCKET } });
const clients = {
  "Unix socket": new OpenAI({
    apiKey: "none", baseURL: "http://localhost/v1", maxRetries: 0,
    fetch: (url, init) => undiciFetch(url, { ...init, dispatcher }),
  }),
  TCP: new OpenAI({ apiKey: CORRAL_KEY, baseURL: CORRAL_URL, maxRetries: 0 }),
};

for (const [way, client] of Object.entries(clients)) {
  test(`${way}: create`, async () => {
    const answer = await client.chat.completions.create(ask("Rules?"));
    assert.equal(answer.choices[0].message.content, RULES);
    assert.equal(answer.choices[0].finish_reason, "stop");
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  });

  test(`${way}: stream`, async () => {
    const stream = await client.chat.completions.create(
      { ...ask("Rules?"), stream: true, stream_options: { include_usage: true } });
    let text = "";
    let usage;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, RULES);
    assert.equal(usage.completion_tokens, 35);
  });

  test(`${way}: models.list and models.retrieve`, async () => {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    assert.deepEqual(names, ["default"]);
    assert.equal((await client.models.retrieve("default")).id, "default");
    await assert.rejects(client.models.retrieve("other"), OpenAI.NotFoundError);
  });

  test(`${way}: BadRequestError names the parameter`, async () => {
    await assert.rejects(client.chat.completions.create({ ...ask("Rules?"), n: 2 }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.param, "n");
      assert.equal(error.code, "unsupported_parameter");
      return true;
    });
  });

  test(`${way}: RateLimitError when the queue is full`, async () => {
    const many = await Promise.allSettled(
      Array.from({ length: 12 }, () => client.chat.completions.create(ask("Count to 200."))));
    const refused = many.filter((one) => one.status === "rejected").map((one) => one.reason);
    assert.ok(refused.length > 0 && refused.length < many.length);
    for (const error of refused) {
      assert.ok(error instanceof OpenAI.RateLimitError);
      assert.ok(Number(error.headers.get("retry-after")) >= 1);
    }
  });

  test(`${way}: abort frees the worker`, async () => {
    const stream = await client.chat.completions.create({ ...ask("Count to 200."), stream: true });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) break; // leaving the loop aborts the request
    }
    const controller = new AbortController();
    const aborted = client.chat.completions.create(ask("Count to 200."), { signal: controller.signal });
    controller.abort();
    await assert.rejects(aborted, OpenAI.APIUserAbortError);
    const answer = await client.chat.completions.create(ask("Rules?"));
    assert.equal(answer.choices[0].message.content, RULES);
  });
}

test("TCP: a wrong key is an AuthenticationError", async () => {
  const stranger = new OpenAI({ apiKey: "wrong", baseURL: CORRAL_URL, maxRetries: 0 });
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
});
