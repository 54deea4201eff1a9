// The official Amplitude SDK for Node, unmodified, against the served fake.
import assert from 'node:assert/strict';
import { after, before, beforeEach, mock, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Identify, Revenue, createInstance } from '@amplitude/analytics-node';
import { call, makeWorld } from './world.mjs';

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

// This SDK takes events in one by one, a timer each: those of one test must all be there when the first flush comes.
const TOGETHER = { flushIntervalMillis: 500 };

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
  const amplitude = await client(TOGETHER);

  const results = await Promise.all([
    amplitude.track('app_opened', {}, { user_id: 'ida-1001' }).promise,
    amplitude.track('app_opened', {}, { user_id: 'ben' }).promise,
    amplitude.track('app_opened', {}, { user_id: 'kim-1002' }).promise,
  ]);

  assert.deepEqual(results.map(({ code }) => code), [200, 400, 200]);
  assert.deepEqual(await statuses(), [400, 200]);
});

for (const [ids, error] of [
  [{ user_id: 'Anonymous' }, 'Invalid field values on some events'],
  [{ user_id: 'ben' }, 'Invalid id length for user_id or device_id'],
  [{ user_id: 'ben-2002', time: 'yesterday' }, 'Invalid field values on some events'],
  [{ device_id: 'd-spam-0001' }, 'Events silenced for device_id'],
]) {
  test(`${JSON.stringify(ids)} costs its own event only: ${error}`, async () => {
    await world.sim('PUT', '/amplitude/marks', { mark: 'silenced', device_id: 'd-spam-0001' });
    const amplitude = await client(TOGETHER);

    const [blamed, other] = await Promise.all([
      amplitude.track('app_opened', {}, ids).promise,
      amplitude.track('app_opened', {}, { user_id: 'kim-1002' }).promise,
    ]);

    assert.deepEqual([blamed.code, blamed.message, other.code], [400, error, 200]);
    assert.deepEqual(await statuses(), [400, 200]);
  });
}

for (const status of [408, 500, 502, 503, 504]) {
  test(`a ${status} is tried again`, async () => {
    const body = { code: status, error: 'try again' };
    await world.sim('POST', '/faults', { service: 'amplitude', operation: '*', answer: status, body, times: 1 });
    const amplitude = await client();

    const result = await amplitude.track('app_opened', {}, { user_id: 'ida-1001' }).promise;

    assert.equal(result.code, 200);
    assert.deepEqual(await statuses(), [status, 200]);
  });
}

test('after so many tries the event is given up', async () => {
  await world.sim('POST', '/faults', { service: 'amplitude', operation: '*', answer: 503 });
  const amplitude = await client({ flushMaxRetries: 2 });

  const result = await amplitude.track('app_opened', {}, { user_id: 'ida-1001' }).promise;

  assert.deepEqual([result.code, result.message], [500, 'Event rejected due to exceeded retry count']);
  assert.deepEqual(await statuses(), [503, 503]);
});

test('a batch that was taken and is sent again counts once', async () => {
  await world.sim('POST', '/faults', { service: 'amplitude', operation: '*', answer: 500, applied: true, times: 1 });
  const amplitude = await client();

  const result = await amplitude.track('app_opened', {}, { user_id: 'once-1001' }).promise;
  const user = await userOf('once-1001');

  assert.equal(result.code, 200);
  assert.deepEqual(await statuses(), [500, 200]);
  assert.equal(user.events, 1);
});

async function userOf(user_id) {
  const { users } = await world.sim('GET', '/amplitude/users?limit=1000');
  return users.find((each) => each.user_id === user_id);
}

test('a batch that is too large is halved', async () => {
  await world.sim('POST', '/faults', { service: 'amplitude', operation: '*', answer: 413, times: 1 });
  const amplitude = await client({ flushQueueSize: 4, ...TOGETHER });

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

test('a body of a megabyte is refused and arrives in parts', async () => {
  const amplitude = await client(TOGETHER);
  const people = Array.from({ length: 60 }, (_, number) => `large-${1000 + number}`);

  const results = await Promise.all(
    people.map((user_id) => amplitude.track('app_opened', { note: 'x'.repeat(20_000) }, { user_id }).promise),
  );

  assert.deepEqual(new Set(results.map(({ code }) => code)), new Set([200]));
  // Half of the 200 events that a batch may hold is still all of them; a quarter is not.
  assert.deepEqual(await statuses(), [413, 413, 200, 200]);
});

test('what exceeds a daily quota is dropped and the others arrive', async () => {
  const body = {
    code: 429, error: 'Too many requests for some devices and users', eps_threshold: 1000, throttled_devices: {},
    throttled_users: {}, throttled_events: [0], exceeded_daily_quota_users: { 'spammer-1001': 500001 },
    exceeded_daily_quota_devices: {},
  };
  await world.sim('POST', '/faults', { service: 'amplitude', operation: '*', answer: 429, body, times: 1 });
  const amplitude = await client(TOGETHER);

  const results = await Promise.all(
    ['spammer-1001', 'kim-1002'].map((user_id) => amplitude.track('app_opened', {}, { user_id }).promise),
  );

  assert.deepEqual(results.map(({ code }) => code), [429, 200]);
});

test('a throttled device is held for thirty seconds and then arrives', async () => {
  const events = Array.from({ length: 900 }, () => ({ device_id: 'd-fast-0001', event_type: 'app_opened' }));
  await call('POST', `${world.amplitude_url}/2/httpapi`, { api_key: world.keys.amplitude_api_key, events });
  const amplitude = await client();
  mock.timers.enable({ apis: ['setTimeout'] });
  const results = Promise.all([
    amplitude.track('app_opened', {}, { device_id: 'd-fast-0001' }).promise,
    amplitude.track('app_opened', {}, { user_id: 'kim-1002' }).promise,
  ]);
  for (let turn = 0; turn < 20; turn += 1) {
    mock.timers.tick(1);
    await nextTurn();
  }
  while ((await statuses()).length < 2) {
    await nextTurn();
  }
  const { exchanges } = await world.sim('GET', '/journal?service=amplitude');
  await world.sim('POST', '/clock/advance', { by: '30s' });
  mock.timers.tick(30_000);
  const codes = (await results).map(({ code }) => code);
  mock.timers.reset();

  const refused = JSON.parse(exchanges[1].response.body);
  assert.deepEqual([refused.code, refused.throttled_devices], [429, { 'd-fast-0001': 31 }]);
  assert.deepEqual(refused.throttled_events, [0]);
  assert.deepEqual(codes, [200, 200]);
  assert.deepEqual(await statuses(), [200, 429, 200]);
});

test('properties, groups and revenue arrive as they were set', async () => {
  const amplitude = await client({ serverUrl: `${world.amplitude_url}/batch` });
  const identify = new Identify().set('plan', 'gold').setOnce('first', 'ad').add('visits', 2).append('tags', 'a');
  const team = new Identify().set('seats', 5);
  const revenue = new Revenue().setProductId('sku-1').setPrice(9.5).setQuantity(2);
  const ids = { user_id: 'ida-1001', device_id: 'd-ida-0001' };

  const results = [];
  results.push(await amplitude.identify(identify, ids).promise);
  results.push(await amplitude.identify(new Identify().postInsert('tags', 'b').unset('first'), ids).promise);
  results.push(await amplitude.identify(new Identify().remove('tags', 'a'), ids).promise);
  results.push(await amplitude.groupIdentify('org', 'acme', team, ids).promise);
  results.push(await amplitude.setGroup('org', 'acme', ids).promise);
  results.push(await amplitude.revenue(revenue, ids).promise);
  const user = await userOf('ida-1001');

  assert.deepEqual(new Set(results.map(({ code }) => code)), new Set([200]));
  assert.deepEqual(
    [user.properties.plan, user.properties.visits, user.properties.tags, user.properties.first],
    ['gold', 2, ['b'], undefined],
  );
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
