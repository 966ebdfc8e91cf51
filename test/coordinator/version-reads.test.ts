// What a read asks of the owners: the record of one, of the others their version, and no other record unless theirs is newer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Level } from '../../src/model/level.js';
import type { ReadRequest } from '../../src/wire/generated/types.js';
import { encodeEntry, encodeRecord } from '../../src/wire/log-entry.js';
import { subjects } from '../../src/wire/subjects.js';
import { SimCluster } from '../sim/cluster.js';
import { SimBus, SimProcess } from '../sim/network.js';

/** Its owners are n2, n3 and n0. */
const key = '137';
const owners = ['n2', 'n3', 'n0'];

async function asked() {
  const cluster = new SimCluster({ seed: 7, antiEntropy: { enabled: false } });
  const { clock, network } = cluster;
  const client = cluster.client('c0');
  const bus = new SimBus(new SimProcess(network, network.addSite('at-outsider')));
  await cluster.start();
  await clock.advance(1000);
  const put = { kind: 'write', bucket: 'default', key, level: 'ALL', value: 'v' } as const;
  await clock.until(client.write(put, 2000));
  const seen: string[] = [];
  for (const node of owners)
    bus.subscribe(subjects.read(node), ({ data }) => {
      const { reads } = JSON.parse(Buffer.from(data).toString()) as ReadRequest;
      for (const { want } of reads) seen.push(`${want} of ${node}`);
    });
  await clock.advance(100);
  return {
    /** Puts a newer record into the log of `node` alone. */
    async advance(node: string, content: { value: string } | { deleted: true }): Promise<void> {
      const time = Math.floor((clock.now() + 1) * 1000);
      const record = encodeRecord({ bucket: 'default', key, ...content, time, writer: 'w' });
      bus.publish(subjects.log(node), encodeEntry([record]));
      await clock.advance(100);
    },
    /** The value, and what was asked of whom. */
    async read(level: Level): Promise<{ value: string | undefined; wants: string[] }> {
      seen.length = 0;
      const { value } = await clock.until(client.read({ kind: 'read', bucket: 'default', key, level }, 2000));
      await clock.advance(10);
      return { value, wants: [...seen] };
    },
  };
}

test('of owners that agree one is asked for the record and the others for their version', async () => {
  const { read } = await asked();
  for (const [level, versions] of [
    ['ONE', 0],
    ['QUORUM', 1],
    ['ALL', 2],
  ] as const) {
    const { value, wants } = await read(level);
    assert.equal(value, 'v');
    const of = (want: string) => wants.filter(each => each.startsWith(want)).length;
    assert.deepEqual([of('record'), of('version')], [1, versions], `${level}: ${wants}`);
  }
});

test('a record is asked for besides only of an owner whose version is newer', async () => {
  const { read, advance } = await asked();
  const [first] = (await read('ALL')).wants;
  const newer = owners.find(owner => first !== `record of ${owner}`) ?? '';
  await advance(newer, { value: 'newer' });
  const { value, wants } = await read('ALL');
  assert.equal(value, 'newer');
  const records = wants.filter(each => each.startsWith('record'));
  assert.equal(wants.length, 4, String(wants));
  assert.deepEqual(records.slice(1), [`record of ${newer}`]);
});

test('a delete is its version: its record, which may have been purged by now, is not asked for', async () => {
  const { read, advance } = await asked();
  const [first] = (await read('ALL')).wants;
  await advance(owners.find(owner => first !== `record of ${owner}`) ?? '', { deleted: true });
  const { value, wants } = await read('ALL');
  assert.equal(value, undefined);
  assert.equal(wants.length, 3, String(wants));
});
