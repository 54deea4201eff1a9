// braze-api from npm, unmodified, against the served fake.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Braze } from 'braze-api';
import { makeWorld } from './world.mjs';

let world;
let braze;
before(async () => {
  world = await makeWorld('node-braze');
  braze = new Braze(world.braze_url, world.keys.braze_api_key);
});
after(() => world.drop());

test('a person is tracked and read back', async () => {
  const tracked = await braze.users.track({
    attributes: [{ external_id: 'ida-1001', email: 'Ida@Example.com', plan: 'gold', visits: 3, tags: ['a', 'b'] }],
    events: [{ external_id: 'ida-1001', name: 'app_opened', time: '2026-03-02T10:00:00Z' }],
  });
  const exported = await braze.users.export.ids({
    external_ids: ['ida-1001', 'nobody'],
    fields_to_export: ['external_id', 'email', 'custom_attributes'],
  });

  assert.equal(tracked.message, 'success');
  assert.equal(tracked.attributes_processed, 1);
  assert.equal(tracked.events_processed, 1);
  assert.equal(exported.message, 'success');
  assert.deepEqual(exported.invalid_user_ids, ['nobody']);
  assert.equal(exported.users[0].email, 'ida@example.com');
  assert.deepEqual(exported.users[0].custom_attributes, { plan: 'gold', visits: 3, tags: ['a', 'b'] });
});

test('an alias is added, identified and renamed away', async () => {
  const alias = { alias_name: 'crm-77', alias_label: 'crm' };

  await braze.users.alias.new({ user_aliases: [alias] });
  const identified = await braze.users.identify({
    aliases_to_identify: [{ external_id: 'kim-1002', user_alias: alias }],
  });
  const exported = await braze.users.export.ids({ user_aliases: [alias], fields_to_export: ['external_id'] });

  assert.equal(identified.message, 'success');
  assert.deepEqual(exported.users.map(({ external_id }) => external_id), ['kim-1002']);
});

test('a person is deleted', async () => {
  await braze.users.track({ attributes: [{ external_id: 'gone-1003', plan: 'none' }] });

  const deleted = await braze.users.delete({ external_ids: ['gone-1003'] });
  const exported = await braze.users.export.ids({ external_ids: ['gone-1003'], fields_to_export: ['external_id'] });

  assert.equal(deleted.deleted, 1);
  assert.deepEqual(exported.users, []);
});

test('bad objects are named by array and index and the good ones count', async () => {
  const answer = await braze.users.track({
    attributes: [{ external_id: 'ida-1001', plan: 'silver' }, { plan: 'nobody' }],
  });

  assert.equal(answer.attributes_processed, 1);
  assert.equal(answer.errors.length, 1);
  assert.deepEqual([answer.errors[0].input_array, answer.errors[0].index], ['attributes', 1]);
});

test('a wrong key is refused', async () => {
  const stranger = new Braze(world.braze_url, 'not-a-key');

  await assert.rejects(
    stranger.users.track({ attributes: [{ external_id: 'ida-1001' }] }),
    (error) => /invalid api key/i.test(JSON.stringify(error, Object.getOwnPropertyNames(error))),
  );
});
