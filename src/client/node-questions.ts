// What a client asks of a single node: about itself, and to work on what it holds.
import type {
  HintsReply,
  HintsRequest,
  RecordsReply,
  RecordsRequest,
  RepairReply,
  RequestsReply,
  RequestsRequest,
  StatusReply,
} from '../wire/generated/types.js';
import * as validators from '../wire/generated/validators.js';
import { subjects } from '../wire/subjects.js';
import { checkNode } from './arguments.js';
import type { Ask } from './buckets.js';

export interface AskOptions {
  timeoutMs?: number;
}

const REPAIR_TIMEOUT_MS = 10 * 60_000;

/** Each call rejects with UnavailableError when the node is not there, InvalidRequestError when the name is none. */
export class NodeQuestions {
  constructor(
    private readonly ask: Ask,
    private readonly timeoutMsDefault: () => number,
  ) {}

  async status(node: string, { timeoutMs = this.timeoutMsDefault() }: AskOptions = {}): Promise<StatusReply> {
    return this.ask(subjects.node(checkNode(node, 'node'), 'status'), {}, validators.statusReply, timeoutMs);
  }

  async records(
    node: string,
    request: RecordsRequest = {},
    { timeoutMs = this.timeoutMsDefault() }: AskOptions = {},
  ): Promise<RecordsReply> {
    const subject = subjects.node(checkNode(node, 'node'), 'records');
    return this.ask(subject, request, validators.recordsReply, timeoutMs);
  }

  async repair(node: string, options: AskOptions & { dryRun?: boolean } = {}): Promise<RepairReply> {
    const { dryRun = false, timeoutMs = REPAIR_TIMEOUT_MS } = options;
    const subject = subjects.node(checkNode(node, 'node'), 'repair');
    return this.ask(subject, { dryRun }, validators.repairReply, timeoutMs);
  }

  async hints(
    node: string,
    request: HintsRequest = { action: 'list' },
    { timeoutMs = this.timeoutMsDefault() }: AskOptions = {},
  ): Promise<HintsReply> {
    const subject = subjects.node(checkNode(node, 'node'), request.action === 'list' ? 'hints' : 'order');
    return this.ask(subject, request, validators.hintsReply, timeoutMs);
  }

  async requests(
    node: string,
    request: RequestsRequest = {},
    { timeoutMs = this.timeoutMsDefault() }: AskOptions = {},
  ): Promise<RequestsReply> {
    const subject = subjects.node(checkNode(node, 'node'), 'requests');
    return this.ask(subject, request, validators.requestsReply, timeoutMs);
  }
}
