// The official Amplitude SDK for Node, unmodified, against the served fake.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createInstance } from '@amplitude/analytics-node';
import { makeWorld } from './world.mjs';

let world;
before(async () => { world = await makeWorld('node-amplitude'); });
after(() => world.drop());
beforeEach(async () => {
  await world.sim('DELETE', '/faults');
  await world.sim('DELETE', '/journal');
});

async function client(options = {}) {
  const amplitude = createInstance();
  await amplitude.init(world.keys.amplitude_api_key, {
    serverUrl: `${world.amplitude_url}/2/httpapi`,
    flushIntervalMillis: 5,
    logLevel: 0,
    ...options,
  }).promise;
  return amplitude;
}

async function statuses() {
  const { exchanges } = await world.sim('GET', '/journal?service=amplitude');
  return exchanges.map(({ status }) => status);
}

test('events arrive and are acknowledged one by one', async () => {
  const amplitude = await client();
  const people = Array.from({ length: 30 }, (_, number) => `person-${1000 + number}`);

  const results = await Promise.all(
    people.map((user_id) => amplitude.track('app_opened', { screen: 'home' }, { user_id }).promise),
  );

  assert.deepEqual(new Set(results.map(({ code }) => code)), new Set([200]));
  assert.deepEqual(new Set(await statuses()), new Set([200]));
});

test('an unknown key is an error and is not tried again', async () => {
  const amplitude = createInstance();
  await amplitude.init('0'.repeat(32), {
    serverUrl: `${world.amplitude_url}/2/httpapi`, flushIntervalMillis: 5, logLevel: 0,
  }).promise;

  const result = await amplitude.track('app_opened', {}, { user_id: 'ida-1001' }).promise;

  assert.equal(result.code, 400);
  assert.match(result.message, /^Invalid API key/);
  assert.deepEqual(await statuses(), [400]);
});

test('events that are blamed are dropped and the others arrive', async () => {
  const amplitude = await client();

  const results = await Promise.all([
    amplitude.track('app_opened', {}, { user_id: 'ida-1001' }).promise,
    amplitude.track('app_opened', {}, { user_id: 'ben' }).promise,
    amplitude.track('app_opened', {}, { user_id: 'kim-1002' }).promise,
  ]);

  assert.deepEqual(results.map(({ code }) => code), [200, 400, 200]);
  assert.deepEqual(await statuses(), [400, 200]);
});

test('a server error is tried again', async () => {
  await world.sim('POST', '/faults', { service: 'amplitude', operation: '*', answer: 503, times: 1 });
  const amplitude = await client();

  const result = await amplitude.track('app_opened', {}, { user_id: 'ida-1001' }).promise;

  assert.equal(result.code, 200);
  assert.deepEqual(await statuses(), [503, 200]);
});

test('a batch that is too large is halved', async () => {
  await world.sim('POST', '/faults', { service: 'amplitude', operation: '*', answer: 413, times: 1 });
  const amplitude = await client({ flushQueueSize: 4 });

  const results = await Promise.all(
    ['ann-1', 'ben-1', 'ida-1', 'kim-1'].map((name) =>
      amplitude.track('app_opened', {}, { user_id: `${name}000` }).promise),
  );

  assert.deepEqual(results.map(({ code }) => code), [200, 200, 200, 200]);
  assert.deepEqual(await statuses(), [413, 200, 200]);
});

test('too many requests are tried again', async () => {
  await world.sim('POST', '/faults', { service: 'amplitude', operation: '*', answer: 429, times: 1 });
  const amplitude = await client();

  const result = await amplitude.track('app_opened', {}, { user_id: 'ida-1001' }).promise;

  assert.equal(result.code, 200);
  assert.deepEqual(await statuses(), [429, 200]);
});

test('a truncated answer is tried again', async () => {
  await world.sim('POST', '/faults', {
    service: 'amplitude', operation: '*', transport: 'truncate', applied: true, times: 1,
  });
  const amplitude = await client();

  const result = await amplitude.track('app_opened', {}, { user_id: 'lost-1001' }).promise;

  assert.equal(result.code, 200);
  assert.deepEqual(await statuses(), [200, 200]);
});

test('after a reset connection this SDK gives up, although the event was taken in', async () => {
  await world.sim('POST', '/faults', {
    service: 'amplitude', operation: '*', transport: 'reset', applied: true, times: 1,
  });
  const amplitude = await client();

  const result = await amplitude.track('app_opened', {}, { user_id: 'lost-1002' }).promise;

  assert.equal(result.code, 0);
  assert.deepEqual(await statuses(), [200]);
});
