// The clients of a run: each carries out its planned operations, itself or through nodes, and keeps what came of them.
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { DynatsError } from '../../src/errors.js';
import type { Level } from '../../src/model/level.js';
import { SessionMemory } from '../../src/model/session.js';
import type { ErrorReply, GetReply, PutReply, Receipt, ScanReply } from '../../src/wire/generated/types.js';
import { checkOperation } from '../../src/wire/requests.js';
import { checkScan } from '../../src/wire/scan.js';
import { subjects } from '../../src/wire/subjects.js';
import { ANSWER_SLACK_MS, type Asked } from './check/answers.js';
import type { Operation } from './check/history.js';
import { parseVersion } from './check/version.js';
import type { SimCluster } from './cluster.js';
import type { Nemesis } from './nemesis.js';
import { SimBus, SimProcess } from './network.js';
import { type PlannedOperation, siteOf, VIA_ANY, VIA_CLIENT } from './plan.js';

export interface WorkloadOptions {
  readonly cluster: SimCluster;
  readonly nemesis: Nemesis;
  readonly clients: number;
  readonly keys: readonly string[];
  /** Requests name none when undefined: `onReached` is told of the levels they had. */
  readonly levels: { readonly write: Level; readonly read: Level } | undefined;
  readonly sessions?: 'kept' | 'unkept' | undefined;
  readonly zone?: string | undefined;
  /** Told of every error code, and of what receipts show. */
  readonly onReached: (what: string) => void;
}

interface SimClient {
  readonly name: string;
  readonly coordinator: Coordinator;
  readonly process: SimProcess;
  readonly memory: SessionMemory;
  isBusy: boolean;
}

type Reply = GetReply | PutReply | ScanReply | ErrorReply;

/** Shorter than a log may take to ack: that a call ends is then not left to its lanes. */
const TIMEOUT_MS = 800;
/** No answer after this long: there will be none. A node that hung may answer late. */
const GIVE_UP_MS = 5 * TIMEOUT_MS;
/** Keys one session tells apart: fewer than there are, so that some are always forgotten. */
const SESSION_KEYS = 2;
const SCAN_LIMIT = 100;

export class Workload {
  readonly history: Operation[] = [];
  readonly asked: Asked[] = [];
  readonly clients: readonly SimClient[];
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly options: WorkloadOptions) {
    const { cluster, clients, zone } = options;
    this.clients = Array.from({ length: clients }, (_, i) => ({
      name: `c${i}`,
      coordinator: cluster.client(`c${i}`, zone),
      process: new SimProcess(cluster.network, cluster.network.broker(siteOf(i))),
      memory: new SessionMemory(SESSION_KEYS),
      isBusy: false,
    }));
  }

  get isIdle(): boolean {
    return this.underWay.size === 0;
  }

  begin(planned: PlannedOperation): void {
    const client = this.clients[planned.client];
    if (client === undefined) return;
    // A session is one thread: one operation after the other.
    if (this.options.sessions !== undefined && client.isBusy) return;
    client.isBusy = true;
    const work: Promise<void> = this.carryOut(client, planned).then(() => {
      client.isBusy = false;
      this.underWay.delete(work);
    });
    this.underWay.add(work);
  }

  private async carryOut(client: SimClient, planned: PlannedOperation): Promise<void> {
    const { kind, key, value } = planned;
    const keys = kind === 'scan' ? this.options.keys : [key];
    const operations = keys.map(each => this.record(client, each, planned));
    const reply = await this.ask(client, planned);
    const endedAtMs = this.options.cluster.clock.monotonic();
    for (const operation of operations) operation.endedAtMs = endedAtMs;
    if (reply === undefined || 'error' in reply) {
      const { code, effect } = reply?.error ?? { code: 'no answer', effect: 'unknown' };
      this.options.onReached(code);
      this.tell(reply?.receipt);
      for (const operation of operations) operation.outcome = effect === 'none' ? 'refused' : 'unknown';
      return;
    }
    for (const operation of operations) {
      operation.outcome = 'ok';
      if ('records' in reply)
        see(
          operation,
          reply.records.find(record => record.key === operation.key),
        );
      else see(operation, reply, kind === 'put' ? value : undefined);
    }
    if (!('key' in reply)) return;
    if (this.options.levels === undefined) this.options.onReached(reply.level);
    this.tell(reply.receipt);
    if (reply.session !== undefined) client.memory.learn('default', key, reply.session);
  }

  private record({ name }: SimClient, key: string, { kind, value }: PlannedOperation): Operation {
    const operation: Operation = {
      client: name,
      kind: kind === 'scan' ? 'get' : kind,
      key,
      startedAtMs: this.options.cluster.clock.monotonic(),
      endedAtMs: Number.POSITIVE_INFINITY,
      outcome: 'unknown',
      version: null,
      value: kind === 'put' ? value : undefined,
    };
    this.history.push(operation);
    return operation;
  }

  /** @returns undefined when nobody answers. */
  private ask(client: SimClient, planned: PlannedOperation): Promise<Reply | undefined> {
    const { nemesis, cluster } = this.options;
    const { via, kind, key } = planned;
    const { strikes } = nemesis;
    const asked: Asked = {
      what: `${kind} ${key} of ${client.name} by ${via}`,
      startedAtMs: cluster.clock.monotonic(),
      timeoutMs: TIMEOUT_MS,
      wasCalm: nemesis.isCalm,
      answeredAtMs: [],
      isRemote: via !== VIA_CLIENT,
    };
    this.asked.push(asked);
    cluster.clock.after(TIMEOUT_MS + ANSWER_SLACK_MS, () => {
      asked.wasCalm &&= nemesis.strikes === strikes;
    });
    const body = this.requestOf(client, planned);
    return new Promise(resolve => {
      const answered = (reply: Reply) => {
        asked.answeredAtMs.push(cluster.clock.monotonic());
        resolve(reply);
      };
      if (via === VIA_CLIENT) this.askCoordinator(client.coordinator, planned, body).then(answered);
      else this.askNode(client, planned, body, answered);
      cluster.clock.after(GIVE_UP_MS, () => resolve(undefined));
    });
  }

  private requestOf({ memory }: SimClient, planned: PlannedOperation): Record<string, unknown> {
    const { levels, sessions, zone } = this.options;
    const { kind, key, value, ttlMs, isTraced } = planned;
    const isWrite = kind === 'put' || kind === 'delete';
    const level = levels === undefined ? {} : { level: isWrite ? levels.write : levels.read };
    const local = zone === undefined ? {} : { zone };
    if (kind === 'scan')
      return { ...level, deleted: true, limit: SCAN_LIMIT, timeoutMs: TIMEOUT_MS, ...local };
    return {
      key,
      ...level,
      timeoutMs: TIMEOUT_MS,
      ...local,
      ...(kind === 'put' ? { value } : {}),
      ...(ttlMs === undefined ? {} : { ttlMs }),
      ...(isTraced ? { trace: true } : {}),
      ...(sessions === 'kept' ? { session: memory.about('default', key) } : {}),
    };
  }

  private async askCoordinator(
    coordinator: Coordinator,
    { kind }: PlannedOperation,
    body: Record<string, unknown>,
  ): Promise<Reply> {
    try {
      if (kind === 'scan') return await coordinator.scan(checkScan(body), TIMEOUT_MS);
      return await coordinator.execute(checkOperation(kind, body), TIMEOUT_MS);
    } catch (error) {
      if (!(error instanceof DynatsError)) throw error;
      const { code, message, effect, receipt } = error;
      return { error: { code, message, effect }, ...(receipt === undefined ? {} : { receipt }) };
    }
  }

  /** Over the bus, with every answer counted. */
  private askNode(
    { process }: SimClient,
    { kind, via }: PlannedOperation,
    body: Record<string, unknown>,
    answered: (reply: Reply) => void,
  ): void {
    const { network, clock } = this.options.cluster;
    const inbox = network.newInbox();
    const subscription = process.listen(inbox, ({ data }) => {
      // A broker says that nobody listens.
      if (data.length === 0)
        answered({ error: { code: 'UNAVAILABLE', message: 'no responders', effect: 'none' } });
      else answered(JSON.parse(Buffer.from(data).toString()) as Reply);
    });
    clock.after(GIVE_UP_MS, () => subscription.unsubscribe());
    const subject = via === VIA_ANY ? subjects.api(kind) : subjects.node(via, kind);
    new SimBus(process).publish(subject, Buffer.from(JSON.stringify(body)), { reply: inbox });
  }

  private tell(receipt: Receipt | undefined): void {
    for (const { repair } of receipt?.owners ?? [])
      if (repair !== undefined) this.options.onReached(`repair ${repair}`);
    for (const { state } of receipt?.hints ?? []) this.options.onReached(`hint ${state}`);
  }
}

/** Takes down what an answer says of a key. */
function see(
  operation: Operation,
  reply: { version?: string; found?: boolean; deleted?: boolean; value?: string } | undefined,
  written?: string,
): void {
  const { version } = reply ?? {};
  if (reply === undefined || version === undefined) return;
  const isDeleted = operation.kind === 'delete' || reply.found === false || reply.deleted === true;
  operation.version = parseVersion(version, isDeleted);
  operation.value = written ?? reply.value;
}
