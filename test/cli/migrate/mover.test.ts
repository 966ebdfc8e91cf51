import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '../../../src/cli/migrate/change.js';
import { Mover } from '../../../src/cli/migrate/mover.js';
import { patiently } from '../../../src/cli/migrate/patience.js';
import type { Operation, Outcome } from '../../../src/client/client.js';
import { ForbiddenError, InvalidRequestError, UnavailableError } from '../../../src/errors.js';
import { compareVersions, parseVersion, versionText } from '../../../src/model/record.js';

const ID = 'a1b2c3d4e5';
const NOW_MS = 1_795_342_442_987;

interface Stored {
  value: string | undefined;
  version: string;
}

/** A store that merges by versions, as replicas do, and answers a little later; `fail` may refuse an operation. */
class Store {
  readonly records = new Map<string, Stored>();
  writes = 0;
  constructor(private readonly fail: (operation: Operation) => Error | undefined = () => undefined) {}

  async batch(operations: readonly Operation[]): Promise<Outcome[]> {
    await new Promise(resolve => setImmediate(resolve));
    return operations.map(operation => this.one(operation));
  }

  private one(operation: Operation): Outcome {
    const failure = this.fail(operation);
    if (failure !== undefined) return failure as Outcome;
    const key = String(operation.key);
    const held = this.records.get(key);
    if (operation.op === 'get') {
      const reply = {
        key,
        found: held?.value !== undefined,
        level: 'QUORUM',
        required: 2,
        received: 2,
      } as const;
      return held === undefined ? reply : { ...reply, version: held.version };
    }
    assert.ok(operation.version !== undefined);
    const version = versionText(operation.version);
    const value = operation.op === 'put' ? String(operation.value) : undefined;
    const isNewer =
      held === undefined ||
      compareVersions(
        parseVersion(version, value === undefined),
        parseVersion(held.version, held.value === undefined),
      ) > 0;
    if (isNewer) this.records.set(key, { value, version });
    this.writes++;
    return { key, version, level: 'QUORUM', required: 2, acked: 2 };
  }
}

const change = (key: string, revision: number, value: string | undefined = `${revision}`): Change => ({
  key,
  revision,
  createdAt: NOW_MS * 1000 - 1_000_000 + revision,
  value: value === undefined ? undefined : Buffer.from(value),
  expiresAtMs: undefined,
});

function moverOf(store: Store, patienceMs = 60_000) {
  const refused: string[] = [];
  const onRefused = ({ key }: Change) => void refused.push(key);
  const options = { bucket: 'people', streamId: ID, nowMs: () => NOW_MS, patienceMs, onRefused };
  return { mover: new Mover(store, options, 0), refused };
}

test('the last change of each key is what stays, and everything is settled', async () => {
  const store = new Store();
  const { mover } = moverOf(store);
  for (let revision = 1; revision <= 5000; revision++) await mover.add(change(`k${revision % 7}`, revision));
  await mover.add({ ...change('k0', 5001), value: undefined });
  await mover.drain();
  assert.equal(mover.position, 5001);
  assert.equal(store.records.get('k0')?.value, undefined);
  for (let k = 1; k < 7; k++) {
    const last = 5000 - ((5000 - k) % 7);
    assert.equal(store.records.get(`k${k}`)?.value, `${last}`);
  }
  const { put, deleted, superseded } = mover.tally;
  assert.equal(put + deleted + superseded, 5001);
});

test('what fails for want of nodes is tried again, and holds the position until it is stored', async () => {
  let failures = 3;
  const store = new Store(({ op, key }) =>
    op === 'put' && key === 'slow' && failures-- > 0 ? new UnavailableError(2, 1) : undefined,
  );
  const { mover } = moverOf(store);
  await mover.add(change('quick', 1));
  await mover.drain();
  await mover.add(change('slow', 2));
  await mover.add(change('other', 3));
  assert.equal(mover.position, 1);
  await mover.drain();
  assert.equal(mover.position, 3);
  assert.equal(store.records.get('slow')?.value, '2');
});

test('when patience is over it fails, and the position stays before what is not stored', async () => {
  const store = new Store(({ key }) => (key === 'never' ? new UnavailableError(2, 1) : undefined));
  const { mover } = moverOf(store, 0);
  await mover.add(change('a', 1));
  await assert.rejects(async () => {
    await mover.add(change('never', 2));
    await mover.add(change('b', 3));
    await mover.drain();
  }, UnavailableError);
  assert.equal(mover.position, 1);
});

test('a key or value that cannot be held is told, and the others go on; what is about all of them ends it', async () => {
  const store = new Store(({ key }) =>
    key === 'large' ? new InvalidRequestError('value', 'value has too many bytes') : undefined,
  );
  const { mover, refused } = moverOf(store);
  for (const [i, key] of ['a', 'large', 'b'].entries()) await mover.add(change(key, i + 1));
  await mover.drain();
  assert.deepEqual([refused, mover.tally.refused, mover.tally.put, mover.position], [['large'], 1, 2, 3]);

  for (const error of [
    new ForbiddenError('no'),
    new InvalidRequestError('bucket', 'there is no such bucket'),
  ]) {
    const ended = moverOf(new Store(() => error)).mover;
    await assert.rejects(async () => {
      await ended.add(change('a', 1));
      await ended.drain();
    }, error);
    assert.equal(ended.position, 0);
  }
});

test('patience waits for nodes, and for nothing else', async () => {
  let tries = 0;
  const answer = await patiently(async () => {
    if (tries++ < 2) throw new UnavailableError(2, 1);
    return 'there';
  }, 10_000);
  assert.deepEqual([answer, tries], ['there', 3]);
  await assert.rejects(
    patiently(() => Promise.reject(new ForbiddenError('no')), 10_000),
    ForbiddenError,
  );
  await assert.rejects(
    patiently(() => Promise.reject(new UnavailableError(2, 1)), 0),
    UnavailableError,
  );
});
