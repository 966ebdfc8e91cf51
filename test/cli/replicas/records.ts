// Records and nodes for tests of what reads replicas.
import type { RecordsReply, RecordsRequest, WireRecord } from '../../../src/wire/generated/types.js';

export function record(key: string, time: number, value: string | null = `v${time}`): WireRecord {
  const content = value === null ? { deleted: true as const } : { value };
  return { bucket: 'default', key, time, writer: 'w', ...content };
}

/** Nodes that answer `records` from what they are given, `pageSize` at a time; counts requests. */
export class FakeNodes {
  requests = 0;

  constructor(
    private readonly held: Record<string, WireRecord[]>,
    private readonly pageSize = 2,
  ) {}

  async records(node: string, request: RecordsRequest = {}): Promise<RecordsReply> {
    this.requests++;
    const { after, keys } = request;
    const all = this.held[node] ?? [];
    const wanted = all.filter(
      each => (keys === undefined || keys.includes(each.key)) && (after === undefined || each.key > after),
    );
    return { node, records: wanted.slice(0, this.pageSize), more: wanted.length > this.pageSize };
  }
}
