// Carries out the statements of one console: it holds the connection, the level and the coordinating node.

import type { Client } from '../../client/client.js';
import { ClosedError, DynatsError } from '../../errors.js';
import { Level } from '../../model/level.js';
import { SessionMemory } from '../../model/session.js';
import type { GetReply, PutReply, Receipt } from '../../wire/generated/types.js';
import { ackedText } from '../acked.js';
import { explained, levelDefaultOf } from '../advice.js';
import { CliError, ExitCode } from '../exit.js';
import { type ListingOptions, listAll, listNode } from '../inspect/listing.js';
import { inspectKey, printKeyReport } from '../inspect/one-key.js';
import { colorsFor, counted, jsonLine, visible } from '../output.js';
import { printReceipt } from '../receipt.js';
import { inConsole } from '../remedies.js';
import { clusterView } from '../replicas/pages.js';
import type { RequestSubject } from '../request-flags.js';
import { unknownNode } from '../unknown.js';
import { shown } from '../value.js';
import { orderNode } from './emulator-orders.js';
import { bucketDefault, type Statement, usages } from './statement.js';
import { printStatus } from './status.js';

export interface SessionOptions {
  /** Opens a connection. @throws CliError with exit code 2. */
  connect: () => Promise<Client>;
  /** Data directory of the emulator that kill, pause, resume and restart mean. */
  dataDir: string;
  bucket: string;
  out: NodeJS.WritableStream & { isTTY?: boolean };
  /** Takes lines that are no data. */
  note: (line: string) => void;
}

const rowsMax = 200;

export class Session {
  /** Undefined until one is set: then the bucket's own. */
  level: Level | undefined;
  /** The bucket's own, as it was last heard of. */
  levelDefault: Level | undefined;
  via: string | undefined;
  private isTracing = false;
  /** What this console has seen: its reads never go back, whichever node coordinates. Undefined: it remembers nothing. */
  private memory: SessionMemory | undefined = new SessionMemory();
  /** Names of the cluster's nodes, for completion. */
  nodes: readonly string[] = [];
  private opened: Client | undefined;

  constructor(private readonly options: SessionOptions) {}

  /** Connects. @throws CliError with exit code 2. */
  async open(): Promise<void> {
    await this.client();
    await this.look();
  }

  async close(): Promise<void> {
    await this.opened?.close();
  }

  /** Connects anew, as the options say now; all else stays. @throws CliError with exit code 2. */
  async reconnect(): Promise<void> {
    await this.close();
    this.opened = undefined;
    await this.client();
  }

  /** @throws what became of the statement; the session can go on in any case. */
  async execute(statement: Exclude<Statement, { verb: 'exit' }>): Promise<void> {
    switch (statement.verb) {
      case 'put':
      case 'get':
      case 'del':
        return this.request(statement);
      case 'consistency':
        return this.consistency(statement.level);
      case 'via':
        return this.goVia(statement.node);
      case 'tracing':
        return this.tracing(statement.isOn);
      case 'session':
        return this.remember(statement.memory);
      case 'inspect':
        return this.inspect(statement.node, statement.key);
      case 'status':
        return printStatus({ ...this.options, client: await this.client(), nodes: this.nodes });
      case 'help':
        return this.say(helpText);
      default:
        return this.say(await orderNode(this.options.dataDir, statement));
    }
  }

  /** Learns of the nodes and the bucket, if any node answers. */
  private async look(): Promise<void> {
    const view = await (await this.client()).cluster().catch(() => undefined);
    if (view === undefined) return;
    this.nodes = view.cluster.nodes;
    this.levelDefault = levelDefaultOf(view.cluster, this.options.bucket);
  }

  /** A client that was closed for good, since all brokers were gone for long, is replaced by a fresh one. */
  private async client(): Promise<Client> {
    this.opened ??= await this.options.connect();
    return this.opened;
  }

  private async request(statement: Extract<Statement, { verb: 'put' | 'get' | 'del' }>): Promise<void> {
    const { verb, key } = statement;
    const kind = verb === 'get' ? 'read' : 'write';
    const level = statement.level ?? this.level;
    if (kind === 'read' && level === Level.Any)
      throw new CliError(ExitCode.Usage, 'level any is for writes: name another, as in get 137 quorum');
    const via = this.via === undefined ? {} : { via: this.via };
    const subject: RequestSubject = { kind, key, level, bucket: this.options.bucket, ...via };
    const client = await this.client();
    try {
      const { bucket } = subject;
      const session = this.memory === undefined ? {} : { session: this.memory.about(bucket, key) };
      const named = level === undefined ? {} : { level };
      const options = { ...named, bucket, ...via, ...session, ...(this.isTracing ? { trace: true } : {}) };
      if (verb === 'get') {
        const answer = await client.read(key, options);
        this.answer(subject, answer);
        return await this.learn(subject, answer);
      }
      const reply =
        verb === 'put' ? await client.put(key, statement.value, options) : await client.delete(key, options);
      const done = verb === 'put' ? 'stored' : 'deleted';
      this.say(`${done} ${visible(key)} @ ${reply.level}, ${ackedText(reply)}, version ${reply.version}`);
      await this.learn(subject, reply);
    } catch (error) {
      if (error instanceof DynatsError) await this.show(error.receipt);
      if (error instanceof ClosedError) this.opened = undefined;
      throw await explained(error, subject, { client, say: inConsole });
    }
  }

  private answer({ key }: RequestSubject, reply: GetReply): void {
    const { out, note } = this.options;
    if (!reply.found) note(`key ${visible(key)} is not there @ ${reply.level}`);
    else if (out.isTTY !== true) this.say(reply.value ?? reply.base64 ?? '');
    else {
      const about = `(@ ${reply.level}, ${counted(reply.received, 'owner')}, version ${reply.version ?? ''})`;
      this.say(`${shown(reply)}  ${colorsFor(out).dim(about)}`);
    }
  }

  private async learn(
    { bucket, key, level: named }: RequestSubject,
    { level, session, receipt }: PutReply | GetReply,
  ): Promise<void> {
    // The bucket's may have been changed since.
    if (named === undefined) this.levelDefault = level;
    this.memory?.learn(bucket, key, session ?? '');
    await this.show(receipt);
  }

  private async show(receipt: Receipt | undefined): Promise<void> {
    const { out, note } = this.options;
    if (receipt === undefined) return;
    // What a script prints is its results.
    if (out.isTTY === true) await printReceipt(receipt, out);
    else note(jsonLine(receipt));
  }

  private tracing(isOn: boolean | undefined): void {
    if (isOn !== undefined) this.isTracing = isOn;
    this.say(`Tracing is ${this.isTracing ? 'on' : 'off'}.`);
  }

  private remember(memory: SessionMemory | 'off' | undefined): void {
    if (memory !== undefined) this.memory = memory === 'off' ? undefined : memory;
    const token = this.memory?.token();
    if (token === undefined) this.say('No session: a read at ONE may be older than what was written.');
    else this.say(token === '' ? 'A session that has seen nothing yet.' : `A session; its token is ${token}`);
  }

  private async consistency(level: Level | typeof bucketDefault | undefined): Promise<void> {
    if (level !== undefined) this.level = level === bucketDefault ? undefined : level;
    if (this.level === undefined) await this.look();
    const about = this.level ?? `${this.levelDefault ?? ''} (the default of bucket ${this.options.bucket})`;
    this.say(
      `${level === undefined ? 'Current consistency level is' : 'Consistency level set to'} ${about.trimStart()}.`,
    );
  }

  private goVia(node: string | undefined): void {
    if (node !== undefined && this.nodes.length > 0 && !this.nodes.includes(node))
      throw this.unknownNode(node);
    this.via = node;
    this.say(node === undefined ? 'Any node coordinates.' : `Node ${node} coordinates.`);
  }

  private async inspect(node: string | undefined, key: string | undefined): Promise<void> {
    const client = await this.client();
    const view = await clusterView(client);
    const { bucket, out, note } = this.options;
    this.nodes = view.cluster.nodes;
    if (key !== undefined) return printKeyReport(await inspectKey(client, view, bucket, key), out);
    const listing: ListingOptions = { bucket, json: false, checkOnly: false, rowsMax, out, note };
    if (node === undefined) await listAll(client, view, listing);
    else if (this.nodes.includes(node)) await listNode(client, node, listing);
    else {
      const { message, exitCode } = this.unknownNode(node);
      throw new CliError(exitCode, `${message}; inspect key ${visible(node)} shows the copies of a key`);
    }
  }

  private unknownNode(node: string): CliError {
    return unknownNode(node, this.nodes);
  }

  private say(text: string): void {
    this.options.out.write(`${text}\n`);
  }
}

const meanings: Record<keyof typeof usages, string> = {
  put: 'store a value; quote one with spaces',
  get: 'read a value',
  del: 'delete a key',
  consistency:
    "show or set the level of requests that name none: any one two three quorum local_quorum each_quorum all, or default, the bucket's",
  via: 'which node coordinates',
  session: 'begin one, end it, or go on with the one of a token; a console begins as one',
  tracing: 'whether each request tells who answered what, and when',
  inspect: 'what the replicas hold, and on which keys owners differ',
  status: 'one line a node',
  kill: 'kill -9 a node of the local emulator, or a part of it',
  pause: 'freeze a node',
  resume: 'let a frozen node go on',
  restart: 'start a killed node again',
  help: 'this list',
  exit: 'leave the console (also Ctrl-D)',
};

const helpText = (Object.keys(usages) as (keyof typeof usages)[])
  .map(verb => `${usages[verb].padEnd(32)}${meanings[verb]}`)
  .join('\n');
