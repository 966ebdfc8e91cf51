// What this node knows of one version of a key: what its replica holds, and for whom its hints stream keeps that version.

import type { Catalog } from '../coordinator/catalog.js';
import { versionText } from '../model/record.js';
import type { HintStream } from '../ports.js';
import type { Replica } from '../replica/replica.js';
import type { OutcomeReply } from '../wire/generated/types.js';
import { outcomeRequest } from '../wire/generated/validators.js';
import { decodeJson } from '../wire/json.js';
import { decodeEntry } from '../wire/log-entry.js';
import { checkKey, DEFAULT_BUCKET } from '../wire/requests.js';
import { subjects } from '../wire/subjects.js';

export interface OutcomeOptions {
  readonly node: string;
  readonly replica: Replica;
  readonly catalog: Catalog;
  readonly hints: HintStream;
}

/** Hint entries looked through for one target, the newest: a write is asked about soon after it failed, or not at all. */
const ENTRIES_MAX = 5000;

/** @throws InvalidRequestError */
export async function outcomeOf(
  { node, replica, catalog, hints }: OutcomeOptions,
  data: Uint8Array,
): Promise<OutcomeReply> {
  const { bucket = DEFAULT_BUCKET, key: wanted, version } = decodeJson(outcomeRequest, data);
  const life = catalog.find(bucket)?.life ?? bucket;
  const key = checkKey(wanted, 'key');
  const hinted: string[] = [];
  const { firstSequence, lastSequence } = await hints.state();
  const from = Math.max(firstSequence, lastSequence - ENTRIES_MAX + 1);
  for (const target of (await hints.held()).entries.keys()) {
    let isHinted = false;
    await hints.read(
      from,
      lastSequence,
      entry => {
        const decoded = decodeEntry(entry.data);
        if (decoded.kind === 'entry')
          isHinted ||= decoded.entry.records.some(
            record => record.bucket === life && record.key === key && versionText(record) === version,
          );
      },
      { subject: subjects.hints(node, target) },
    );
    if (isHinted) hinted.push(target);
  }
  const record = replica.memtable.get(life, key);
  return {
    node,
    state: replica.state,
    held: record === undefined ? null : versionText(record),
    ...(record?.deleted === true ? { deleted: true } : {}),
    hinted,
    isComplete: from === firstSequence,
  };
}
