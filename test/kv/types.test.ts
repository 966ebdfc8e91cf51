// Code written against @nats-io/kv compiles against dynats/kv: whatever takes a KV of theirs takes one of ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KvEntry as TheirEntry, KV as TheirKv, RoKV as TheirRoKv } from '@nats-io/kv';
import type { KV, KvEntry, KvStatus, RoKV } from '../../src/kv/kvm.js';

/** What a KV has but for its status, which says of a stream what there is none of here. */
type Of<Kv extends { status: unknown }> = Omit<Kv, 'status'>;

const asTheirs = (kv: Of<KV>): Of<TheirKv> => kv;
const asTheirsToRead = (kv: Of<RoKV>): Of<TheirRoKv> => kv;
const entryAsTheirs = (entry: KvEntry): TheirEntry => entry;
type TheirStatus = Awaited<ReturnType<TheirKv['status']>>;
type Told =
  | 'bucket'
  | 'values'
  | 'size'
  | 'replicas'
  | 'history'
  | 'ttl'
  | 'maxValueSize'
  | 'max_bytes'
  | 'streamInfo';
const statusAsTheirs = (status: Pick<KvStatus, Told>): Pick<TheirStatus, Told> => status;

test('an entry, a bucket and its status are taken where those of @nats-io/kv are', () => {
  // The compiler has checked it; this keeps what it checked from being dropped.
  for (const same of [asTheirs, asTheirsToRead, entryAsTheirs, statusAsTheirs]) assert.equal(same.length, 1);
});
