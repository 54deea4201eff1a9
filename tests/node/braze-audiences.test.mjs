// braze-api from npm, unmodified: segments, exports, campaigns, Canvases, messages and subscriptions.
import assert from 'node:assert/strict';
import { inflateRawSync } from 'node:zlib';
import { after, before, test } from 'node:test';
import { Braze } from 'braze-api';
import { makeWorld } from './world.mjs';

const HELLO = { email: { app_id: 'shop', subject: 'Hello', from: 'Shop <shop@example.org>', body: '<p>Hello</p>' } };

let world;
let braze;
let openers;
before(async () => {
  world = await makeWorld('node-braze-audiences');
  await world.sim('POST', '/clock/freeze');
  braze = new Braze(world.braze_url, world.keys.braze_api_key);
  await braze.users.track({
    attributes: ['ida-1001', 'ben-1001', 'kim-1001'].map((external_id) => ({
      external_id, email: `${external_id}@example.org`, phone: '+491700000001', plan: external_id === 'ida-1001' ? 'gold' : 'free',
    })),
  });
  const filters = { custom_attribute: { custom_attribute_name: 'plan', comparison: 'equals', value: 'gold' } };
  openers = await world.sim('POST', '/braze/segments', { name: 'Gold', filters });
});
after(() => world.drop());

async function campaign(name, plan, kind = 'campaign') {
  return (await world.sim('POST', '/braze/campaigns', { name, kind, plan })).campaign_id;
}

// So many hours ahead of the world's clock.
async function ahead(hours) {
  const { now } = await world.sim('GET', '/clock');
  return `${new Date(Date.parse(now) + hours * 3600_000).toISOString().slice(0, 19)}Z`;
}

// Who got an e-mail of a campaign or, with an empty id, of none.
async function reached(campaignId) {
  const { events } = await world.sim('GET', '/braze/message_events?limit=1000');
  return events
    .filter(({ name, campaign_id }) => name === 'users.messages.email.Send' && campaign_id === campaignId)
    .map(({ external_id }) => external_id);
}

// The first file of a zip: its name, its method and its bytes stand behind a local header of 30 bytes.
function firstFile(zip) {
  const compressed = zip.readUInt32LE(zip.indexOf('PK\x01\x02') + 20);
  const start = 30 + zip.readUInt16LE(26) + zip.readUInt16LE(28);
  const bytes = zip.subarray(start, start + compressed);
  return (zip.readUInt16LE(8) === 0 ? bytes : inflateRawSync(bytes)).toString('utf8');
}

test('a segment is found, described, measured and exported', async () => {
  const { segments } = await braze.segments.list({ page: 0, sort_direction: 'desc' });
  const details = await braze.segments.details({ segment_id: segments[0].id });
  const { data } = await braze.segments.analytics({ segment_id: segments[0].id, length: 1 });
  const job = await braze.users.export.segment({
    segment_id: segments[0].id, fields_to_export: ['external_id', 'custom_attributes'], output_format: 'zip',
  });
  const early = await fetch(job.url);
  await world.sim('POST', '/clock/advance', { by: '10m' });
  const archive = Buffer.from(await (await fetch(job.url)).arrayBuffer());
  await world.sim('POST', '/clock/advance', { by: '1d' });
  const late = await fetch(job.url);

  assert.equal(segments[0].id, openers.segment_id);
  assert.equal(details.name, 'Gold');
  assert.equal(data[0].size, 1);
  assert.deepEqual([early.status, late.status], [404, 403]);
  assert.equal(firstFile(archive), '{"external_id":"ida-1001","custom_attributes":{"plan":"gold"}}\n');
});

test('a page after the last is empty', async () => {
  assert.deepEqual((await braze.segments.list({ page: 1 })).segments, []);
  assert.deepEqual((await braze.campaigns.list({ page: 7 })).campaigns, []);
  assert.deepEqual((await braze.canvas.list({ page: 7 })).canvases, []);
});

test('a campaign is found, described and triggered', async () => {
  const made = await campaign('Welcome back', { channel: 'email', api_triggered: true });
  const { campaigns } = await braze.campaigns.list({ include_archived: false });
  const details = await braze.campaigns.details({ campaign_id: made });
  const sent = await braze.campaigns.trigger.send({
    campaign_id: made, recipients: [{ external_user_id: 'ida-1001', trigger_properties: { code: 'SPRING' } }],
  });

  assert.ok(campaigns.some(({ id, name }) => id === made && name === 'Welcome back'));
  assert.deepEqual(details.channels, ['email']);
  assert.equal(sent.message, 'success');
  assert.match(sent.dispatch_id, /^[0-9a-f]{32}$/);
  assert.deepEqual(await reached(made), ['ida-1001']);
});

test('a campaign is scheduled, moved and taken back', async () => {
  const made = await campaign('Later', { channel: 'email', api_triggered: true });
  const who = { campaign_id: made, recipients: [{ external_user_id: 'ida-1001' }] };
  const time = await ahead(1);

  const [kept, dropped] = [
    await braze.campaigns.trigger.schedule.create({ ...who, schedule: { time } }),
    await braze.campaigns.trigger.schedule.create({ ...who, schedule: { time } }),
  ];
  await braze.campaigns.trigger.schedule.update({ campaign_id: made, schedule_id: kept.schedule_id, schedule: { time } });
  await braze.campaigns.trigger.schedule.delete({ campaign_id: made, schedule_id: dropped.schedule_id });
  await world.sim('POST', '/clock/advance', { by: '2h' });

  assert.deepEqual(await reached(made), ['ida-1001']);
});

test('a Canvas is found and entered', async () => {
  const made = await campaign('Onboarding', { steps: [{ channel: 'email' }], api_triggered: true }, 'canvas');
  const { canvases } = await braze.canvas.list({ page: 0 });
  const sent = await braze.canvas.trigger.send({ canvas_id: made, recipients: [{ external_user_id: 'kim-1001' }] });

  assert.deepEqual(canvases.map(({ id }) => id), [made]);
  assert.equal(sent.message, 'success');
  assert.deepEqual(await reached(made), ['kim-1001']);
});

test('messages go to people and to a segment, now and later', async () => {
  const now = await braze.messages.send({ external_user_ids: ['ben-1001'], messages: HELLO });
  const time = await ahead(1);
  const later = await braze.messages.schedule.create({
    segment_id: openers.segment_id, broadcast: true, messages: HELLO, schedule: { time },
  });
  await braze.messages.schedule.update({ schedule_id: later.schedule_id, messages: HELLO });
  const dropped = await braze.messages.schedule.create({ external_user_ids: ['kim-1001'], messages: HELLO, schedule: { time } });
  await braze.messages.schedule.delete({ schedule_id: dropped.schedule_id });
  const before = await reached('');
  await world.sim('POST', '/clock/advance', { by: '2h' });

  assert.equal(now.message, 'success');
  assert.deepEqual(before, ['ben-1001']);
  assert.deepEqual(await reached(''), ['ben-1001', 'ida-1001']);
});

test('what the dashboard has scheduled is listed', async () => {
  const at = await ahead(24);
  await campaign('Newsletter', { channel: 'email', schedule: { at, every: '1d' } });

  const { scheduled_broadcasts } = await braze.messages.scheduled_broadcasts({ end_time: await ahead(72) });

  assert.deepEqual(scheduled_broadcasts.map(({ name, type, next_send_time }) => [name, type, next_send_time]), [
    ['Newsletter', 'Campaign', at],
  ]);
});

test('a transactional e-mail says what became of it', async () => {
  const made = await campaign('Receipt', { channel: 'email', transactional: true });

  const sent = await braze.transactional.v1.campaigns.send(made, {
    external_send_id: 'b3JkZXItNzc', recipient: [{ external_user_id: 'ida-1001' }],
  });

  assert.equal(sent.status, 'sent');
  assert.equal(sent.metadata.campaign_api_id, made);
  assert.deepEqual(await reached(made), ['ida-1001']);
});

test('sends of a campaign are counted by an id of their own', async () => {
  const made = await campaign('By API', { channel: 'email', api: true });

  const sent = await braze.sends.id.create({ campaign_id: made, send_id: 'spring' });

  assert.equal(sent.send_id, 'spring');
});

test('subscriptions are set and read, in both versions', async () => {
  const { group_id } = await world.sim('POST', '/braze/subscription_groups', { name: 'News', channel: 'email' });
  await braze.subscription.status.set({
    subscription_group_id: group_id, subscription_state: 'subscribed', external_id: ['ida-1001', 'kim-1001'],
  });
  await braze.v2.subscription.status.set({
    subscription_groups: [{ subscription_group_id: group_id, subscription_state: 'unsubscribed', external_ids: ['kim-1001'] }],
  });

  const { status } = await braze.subscription.status.get({
    subscription_group_id: group_id, external_id: ['ida-1001', 'kim-1001', 'ben-1001'],
  });
  const { users } = await braze.subscription.user.status({ external_id: 'ida-1001' });

  assert.deepEqual(status, { 'ida-1001': 'Subscribed', 'kim-1001': 'Unsubscribed', 'ben-1001': 'Unknown' });
  assert.deepEqual(users[0].subscription_groups, [{ id: group_id, name: 'News', channel: 'email', status: 'Subscribed' }]);
});

test('a blocked address gets nothing until it is taken off both lists', async () => {
  const email = 'ben-1001@example.org';
  await braze.email.blacklist({ email });
  await braze.messages.send({ external_user_ids: ['ben-1001'], messages: HELLO, recipient_subscription_state: 'all' });
  const blocked = (await reached('')).filter((who) => who === 'ben-1001').length;

  await braze.email.bounce.remove({ email });
  await braze.email.spam.remove({ email });
  await braze.messages.send({ external_user_ids: ['ben-1001'], messages: HELLO, recipient_subscription_state: 'all' });

  assert.equal((await reached('')).filter((who) => who === 'ben-1001').length, blocked + 1);
});

test('what does not exist is refused in words', async () => {
  for (const [ask, message] of [
    [() => braze.segments.details({ segment_id: 'nothing' }), 'Invalid Segment ID'],
    [() => braze.campaigns.details({ campaign_id: 'nothing' }), 'Invalid Campaign ID'],
    [() => braze.campaigns.trigger.send({ campaign_id: 'nothing', broadcast: true }), 'Invalid Campaign ID'],
    [() => braze.messages.schedule.delete({ schedule_id: 'nothing' }), 'Invalid Schedule ID'],
    [() => braze.messages.send({ external_user_ids: [], messages: HELLO }), 'No Recipients'],
  ]) {
    await assert.rejects(ask, { message });
  }
});

test('what is left out says so', async () => {
  await assert.rejects(() => braze.templates.content_blocks.list({}), { status: 501 });
});
