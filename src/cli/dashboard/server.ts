// The dashboard's HTTP server: the page's files, its stream of events, and its questions.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { EmulatorError } from '../../emulator/emulator-error.js';
import { DynatsError } from '../../errors.js';
import { ringOf } from '../bucket-ring.js';
import { CliError, ExitCode, failureLine } from '../exit.js';
import { defaultBucket } from '../request-flags.js';
import { Assets } from './assets.js';
import { carryOut, type Faults, parseFault } from './faults.js';
import { type Feed, type Message, runningServers } from './feed.js';
import { type GuardOptions, isLoopback, refusal } from './guard.js';
import { keyView } from './key-view.js';
import { isStranger, peerUid } from './peer-user.js';
import { Reports } from './reports.js';
import { ringView } from './ring-view.js';
import type { Access } from './view.js';

/** Pages that may look at the same time. */
const STREAMS_MAX = 32;
/** Of all pages and whoever else connects: the emulator in the same process needs files, too. */
const CONNECTIONS_MAX = 250;
/** Until a request has come whole, in milliseconds. */
const REQUEST_TIMEOUT_MS = 5000;
const BODY_BYTES_MAX = 4096;
/** Unsent bytes of a page that does not read; then it is let go, and comes back by itself. */
const UNSENT_BYTES_MAX = 1024 * 1024;

/** @param brokers websockets of the brokers that the page may connect to. */
function policy(brokers: readonly string[]): string {
  const connect = ["'self'", ...brokers].join(' ');
  return `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src ${connect}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

const headers = {
  'cache-control': 'no-store',
  'content-security-policy': policy([]),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export interface ServerOptions {
  readonly feed: Feed;
  readonly faults: Faults;
  readonly listen: string;
  readonly port: number;
}

/** A request that cannot be carried out, and the status that says so. */
class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class DashboardServer {
  private readonly server: Server;
  private readonly guard: GuardOptions;
  private readonly assets: Assets;
  private readonly reports: Reports;
  private readonly streams = new Set<ServerResponse>();
  private readonly foreign = new WeakMap<Socket, boolean>();

  private constructor(private readonly options: ServerOptions) {
    this.guard = { listen: options.listen, token: randomBytes(24).toString('base64url') };
    this.assets = new Assets(this.guard.token);
    this.reports = new Reports(options.faults.report);
    this.server = createServer(
      { requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: REQUEST_TIMEOUT_MS / 5 },
      (request, response) => void this.handle(request, response),
    );
    this.server.maxConnections = CONNECTIONS_MAX;
  }

  /** @throws Node's own error, `EADDRINUSE` among them. */
  static async listen(options: ServerOptions): Promise<DashboardServer> {
    const dashboard = new DashboardServer(options);
    await new Promise<void>((resolve, reject) => {
      dashboard.server.once('error', reject);
      dashboard.server.listen(options.port, options.listen, () => resolve());
    });
    return dashboard;
  }

  get url(): string {
    const { address, family, port } = this.server.address() as AddressInfo; // It listens on TCP.
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`;
  }

  async close(): Promise<void> {
    this.reports.close();
    for (const stream of this.streams) stream.destroy();
    const closed = new Promise(resolve => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
    await this.options.feed.close();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    try {
      const url = new URL(request.url ?? '/', 'http://dashboard.invalid');
      const wants = request.method === 'POST' ? 'change' : 'look';
      const refused = refusal(request.headers, wants, this.guard);
      if (refused !== undefined) throw new Refused(403, refused);
      if (this.isForeign(request.socket))
        throw new Refused(403, 'this dashboard is of another user of this machine: start your own');
      if (wants === 'change') return json(response, await this.change(url, request));
      if (request.method !== 'GET' && request.method !== 'HEAD')
        throw new Refused(405, 'only GET, HEAD and POST are answered');
      if (url.pathname === '/api/events') return this.stream(request, response, url);
      if (url.pathname === '/api/access') return json(response, await this.access(request));
      if (url.pathname.startsWith('/api/')) return json(response, await this.answer(url));
      const asset = await this.assets.at(url.pathname);
      if (asset === undefined) throw new Refused(404, `there is nothing at ${url.pathname}`);
      if (url.pathname === '/') response.setHeader('content-security-policy', policy(await this.brokers()));
      response.writeHead(200, { 'content-type': asset.type }).end(asset.body);
    } catch (error) {
      fail(response, error);
    }
  }

  /** Of a page that is served to a network nobody knows the user. */
  private isForeign(socket: Socket): boolean {
    let isForeign = this.foreign.get(socket);
    if (isForeign === undefined) {
      isForeign = isLoopback(this.options.listen) && isStranger(peerUid(socket));
      this.foreign.set(socket, isForeign);
    }
    return isForeign;
  }

  private stream(request: IncomingMessage, response: ServerResponse, url: URL): void {
    if (this.streams.size >= STREAMS_MAX)
      throw new Refused(503, `${STREAMS_MAX} pages are open already: close one`);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    this.streams.add(response);
    const write = (type: string, data: unknown) => {
      if (response.writableLength > UNSENT_BYTES_MAX) response.destroy();
      else response.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    response.write('retry: 1000\n\n');
    const leave = this.tell(write, url.searchParams.get('looks') !== 'no');
    request.on('close', () => {
      leave();
      this.streams.delete(response);
    });
  }

  /** @param looks whether the page is to be told how the cluster is: one that is connected to a broker sees it itself. */
  private tell(write: (type: string, data: unknown) => void, looks: boolean): () => void {
    const { feed } = this.options;
    if (looks) {
      write('hello', feed.hello());
      return feed.watch(({ type, data }: Message) => write(type, data));
    }
    const leaves = [
      this.reports.watch(report => write('report', report)),
      feed.onTold(event => write('event', event)),
    ];
    return () => {
      for (const leave of leaves) leave();
    };
  }

  /** For the page that this server gave its token, on this machine: with what it may look at the brokers itself. */
  private async access({ headers: asked }: IncomingMessage): Promise<Access> {
    const refused = refusal(asked, 'change', this.guard);
    if (refused !== undefined) throw new Refused(403, refused);
    if (!isLoopback(this.options.listen))
      return { access: null, why: 'this page is served to a network, so it is given no credentials' };
    const { faults } = this.options;
    const access = await faults.access().catch(() => undefined);
    if (access === undefined) return { access: null, why: 'the brokers have no websocket' };
    const known = runningServers(await faults.report().catch(() => undefined));
    const running = known?.flatMap(({ place }) => access.servers[place] ?? []) ?? access.servers;
    return { access, running, why: null };
  }

  private async brokers(): Promise<readonly string[]> {
    if (!isLoopback(this.options.listen)) return [];
    return (await this.options.faults.access().catch(() => undefined))?.servers ?? [];
  }

  private async answer(url: URL): Promise<unknown> {
    const bucket = url.searchParams.get('bucket') || defaultBucket;
    const { connected } = this.options.feed;
    if (connected === undefined) throw new Refused(503, 'not connected to a cluster');
    const { client, cluster } = connected;
    if (url.pathname === '/api/ring') return ringView(bucket, ringOf(cluster.cluster, bucket));
    if (url.pathname === '/api/key') {
      const key = url.searchParams.get('key') ?? '';
      const bytes = Buffer.byteLength(key);
      if (bytes < 1 || bytes > 1024) throw new Refused(400, 'key: a key has 1 to 1024 bytes of UTF-8');
      return keyView(client, cluster, { bucket, key, ring: ringOf(cluster.cluster, bucket) });
    }
    throw new Refused(404, `there is nothing at ${url.pathname}`);
  }

  private async change(url: URL, request: IncomingMessage): Promise<unknown> {
    if (url.pathname !== '/api/fault') throw new Refused(404, `there is nothing at ${url.pathname}`);
    const { listen, feed, faults } = this.options;
    if (!isLoopback(listen))
      throw new Refused(403, 'faults are made from this machine only: the dashboard listens on a network');
    const fault = parseFault(await bodyOf(request));
    const { action, node, part } = fault;
    // Cuts are seen by all who look, whoever made them.
    if (action !== 'cut' && action !== 'heal')
      feed.tell({
        kind: action === 'kill' || action === 'pause' ? 'fault' : 'up',
        node: node ?? null,
        text: `${action} ${node ?? ''}${part === undefined ? '' : ` (${part} only)`}`,
      });
    return { line: await carryOut(faults, fault) };
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    throw new Refused(415, 'the body must be application/json');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Refused(413, `the body has more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refused(400, 'the body is not valid JSON');
  }
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function fail(response: ServerResponse, error: unknown): void {
  const message = error instanceof Refused ? error.message : failureLine(error);
  if (response.headersSent) return void response.destroy();
  response
    .writeHead(statusOf(error), { 'content-type': 'application/json' })
    .end(JSON.stringify({ error: message }));
}

function statusOf(error: unknown): number {
  if (error instanceof Refused) return error.status;
  if (error instanceof CliError) return error.exitCode === ExitCode.Usage ? 400 : 502;
  if (error instanceof EmulatorError) return 409;
  return error instanceof DynatsError ? 502 : 500;
}
