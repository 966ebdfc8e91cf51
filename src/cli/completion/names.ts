// Names of nodes, buckets and keys for completion: from the emulator's own file, else from the cluster, and soon.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Client } from '../../client/client.js';
import { type ConnectionFlags, connectionOptions, namesServers } from '../connection.js';
import { resolveDataDir } from '../data-dir.js';
import { defaultBucket } from '../request-flags.js';

/** Who presses Tab does not wait longer for a cluster than this, in milliseconds, to connect and to be answered. */
const patienceMs = 500;
const keysMax = 100;

/** Of a local emulator as it was made, running or not; else of the cluster that answers in time. */
export async function nodeNames(flags: ConnectionFlags): Promise<readonly string[]> {
  const onDisk = nodesOnDisk(flags);
  if (onDisk.length > 0) return onDisk;
  return (await asked(flags, client => client.cluster({ timeoutMs: patienceMs })))?.cluster.nodes ?? [];
}

export async function bucketNames(flags: ConnectionFlags): Promise<readonly string[]> {
  const view = await asked(flags, client => client.cluster({ timeoutMs: patienceMs }));
  return [...new Set([defaultBucket, ...Object.keys(view?.cluster.buckets ?? {})])];
}

export async function keysOf(
  flags: ConnectionFlags,
  { prefix, bucket = defaultBucket }: { prefix: string; bucket: string | undefined },
): Promise<string[]> {
  const found = await asked(flags, async client => {
    const keys: string[] = [];
    const options = { bucket, limit: keysMax, level: 'ONE' as const, timeoutMs: patienceMs };
    const some = client.keys(prefix === '' ? options : { ...options, prefix });
    for await (const key of some) keys.push(key);
    return keys;
  });
  // No shell takes back a key of several lines.
  return (found ?? []).filter(key => !/[\u0000-\u001f\u007f]/.test(key));
}

async function asked<T>(flags: ConnectionFlags, ask: (client: Client) => Promise<T>): Promise<T | undefined> {
  try {
    const { openClient } = await import('../open-client.js');
    const options = { ...(await connectionOptions(flags)), connectTimeoutMs: patienceMs };
    const client = await openClient({ ...options, name: 'dynats completion' });
    try {
      return await ask(client);
    } finally {
      await client.close();
    }
  } catch {
    return undefined; // Completion is a convenience: it says nothing of a cluster that is not there.
  }
}

function nodesOnDisk(flags: ConnectionFlags): readonly string[] {
  if (namesServers(flags)) return [];
  try {
    const state: unknown = JSON.parse(
      readFileSync(path.join(resolveDataDir(flags.data), 'emulator.json'), 'utf8'),
    );
    const { cluster } = state as { cluster?: { nodes?: unknown } };
    return Array.isArray(cluster?.nodes) ? cluster.nodes.map(String) : [];
  } catch {
    return []; // No emulator was ever started there.
  }
}
