// One key as the page shows it: its owners, what each holds, and whether they agree.
import type { Client } from '../../client/client.js';
import { UnavailableError } from '../../errors.js';
import { versionText } from '../../model/record.js';
import type { Ring } from '../../model/ring.js';
import type { ClusterReply, WireRecord } from '../../wire/generated/types.js';
import { readableNodes } from '../replicas/readable-nodes.js';
import { compareCopies } from '../replicas/verdict.js';
import { visible } from '../visible.js';
import { isLate } from './late.js';
import type { KeyView } from './view.js';

/** Characters of a value that are shown. */
const VALUE_MAX = 200;
/** How long a node has to answer, in milliseconds. */
const ANSWER_MS = 1000;

/** A node that does not answer is unknown, and no difference. @param ring of the bucket. */
export async function keyView(
  client: Pick<Client, 'records'>,
  view: ClusterReply,
  { bucket, key, ring }: { readonly bucket: string; readonly key: string; readonly ring: Ring },
): Promise<KeyView> {
  const copies = new Map<string, WireRecord>();
  const asked = new Set<string>();
  const late = new Set<string>();
  await Promise.all(
    readableNodes(view).readable.map(async node => {
      try {
        const { records } = await client.records(node, { bucket, keys: [key] }, { timeoutMs: ANSWER_MS });
        asked.add(node);
        for (const record of records) copies.set(node, record);
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        if (isLate(error)) late.add(node);
      }
    }),
  );
  const owners = ring.owners(key);
  const { verdict, nodes } = compareCopies(owners, asked, copies);
  return {
    bucket,
    key,
    token: ring.token(key),
    owners,
    verdict,
    copies: [...nodes].map(([node, own]) => {
      const copy = copies.get(node);
      return {
        node,
        verdict: own,
        version: copy === undefined ? null : versionText(copy),
        isLate: late.has(node),
        isDeleted: copy?.deleted === true,
        value: copy === undefined ? null : previewOf(copy),
        writtenAt: copy === undefined ? null : Math.floor(copy.time / 1000),
      };
    }),
  };
}

function previewOf({ value, base64 }: WireRecord): string | null {
  const text = value ?? (base64 === undefined ? undefined : `base64 ${base64}`);
  if (text === undefined) return null;
  const shown = visible(text.slice(0, VALUE_MAX));
  return text.length > VALUE_MAX ? `${shown}…` : shown;
}
