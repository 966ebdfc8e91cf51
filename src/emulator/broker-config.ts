// The configuration files of the brokers.
import type { SyncMode } from './options.js';
import type { TlsFiles } from './secrets/secrets.js';

/** Largest message: the broker's own default, stated since a log entry must fit. */
const maxPayloadBytes = 1024 * 1024;
/** Two of these without an answer end a connection. */
const pingInterval = '5s';
/**
 * How soon a log broker that lost its bus server tries the next, the least that is worth it: until then its node is cut
 * off. nats-server adds a random part up to as much again.
 */
const leafReconnect = '25ms';
/** Where nobody listens: tcpmux, which nothing has used for decades. */
const nobodysPort = 1;
/** The disk is the limit. By default it would be a share of what is free at start, and shrink from start to start. */
const storeBytesMax = 2 ** 40;

/** What a broker demands of those who connect. Without it, anybody may do anything. */
export interface BrokerSecurity {
  /** Accounts or users, and the variables they name. */
  users: readonly string[];
  /** Of every listener. Other servers must show a certificate of the same authority. */
  tls: TlsFiles;
}

export interface BusServerSettings {
  name: string;
  /** Address for clients. */
  listen: string;
  port: number;
  routePort: number;
  leafPort: number;
  /** Address for the other servers; default the loopback. */
  peerListen?: string | undefined;
  /** URLs of the other bus servers' route ports. */
  routes: readonly string[];
  /** Whether to keep its route and leaf ports to itself: others reach them by the ports they were given only. */
  isLinked?: boolean;
  maxPayload?: number | undefined;
  /** Where the server writes a file once it listens. */
  portsDir: string;
  security?: BrokerSecurity;
  websocket?: WebsocketSettings;
}

/** A listener for pages, on the loopback; with TLS where the others have it. */
export interface WebsocketSettings {
  port: number;
  /** Origins of the pages that may connect. */
  origins: readonly string[];
  /** Users of a server that has no `security`. */
  users: readonly string[];
}

/** A server of the bus: plain core NATS, routed to the others. */
export function busServerConfig(settings: BusServerSettings): string {
  const peerListen = settings.peerListen ?? '127.0.0.1';
  const among = settings.security === undefined ? [] : [`  ${tlsBlock(settings.security.tls, true)}`];
  return lines(
    ...common(settings),
    'cluster {',
    '  name: "dynats-bus"',
    `  listen: "${peerListen}:${settings.routePort}"`,
    `  ping_interval: "${pingInterval}"`,
    `  routes: ${list(settings.routes)}`,
    ...among,
    ...(settings.isLinked === true ? [`  advertise: "127.0.0.1:${nobodysPort}"`] : []),
    '}',
    'leafnodes {',
    `  listen: "${peerListen}:${settings.leafPort}"`,
    ...(settings.isLinked === true ? ['  no_advertise: true'] : []),
    ...among,
    '}',
    ...websocket(settings),
  );
}

function websocket({ websocket: wanted, security }: BusServerSettings): string[] {
  if (wanted === undefined) return [];
  return [
    ...(security === undefined ? wanted.users : []),
    'websocket {',
    `  listen: "127.0.0.1:${wanted.port}"`,
    `  ${security === undefined ? 'no_tls: true' : tlsBlock(security.tls, false)}`,
    `  allowed_origins: ${list(wanted.origins)}`,
    '}',
  ];
}

export interface LogBrokerSettings {
  name: string;
  listen: string;
  port: number;
  store: string;
  /** JetStream domain; null for none. */
  domain: string | null;
  sync: SyncMode;
  /** Largest message, in bytes. */
  maxPayload?: number | undefined;
  portsDir: string;
  /** Leaf node URLs of the bus, the preferred first; none for a broker that is the bus itself. */
  bus: readonly string[];
  credentials?: LeafCredentials;
  security?: BrokerSecurity;
}

/** How a log broker identifies itself to the bus. */
export interface LeafCredentials {
  creds?: string;
  /** A seed, or the name of a variable that holds it, with `$`. */
  nkeySeed?: string;
  tlsCa?: string;
  tlsCert?: string;
  tlsKey?: string;
}

/** A log broker: standalone JetStream in a domain of its own, a leaf of the bus. */
export function logBrokerConfig(settings: LogBrokerSettings): string {
  return lines(
    ...common(settings),
    // One line when all of the bus is gone, not one for each try.
    'reconnect_error_reports: 1000',
    'jetstream {',
    `  store_dir: ${quote(settings.store)}`,
    ...(settings.domain === null ? [] : [`  domain: ${quote(settings.domain)}`]),
    // An ack that its asker had sent to the API must not pass for a request: one with a field too many is refused.
    '  strict: true',
    ...(settings.sync === 'always' ? ['  sync_interval: always'] : []),
    `  max_file_store: ${storeBytesMax}`,
    '}',
    ...(settings.bus.length === 0 ? [] : leafnodes(settings.bus, settings.credentials ?? {})),
  );
}

function leafnodes(bus: readonly string[], credentials: LeafCredentials): string[] {
  const { creds, nkeySeed, tlsCa, tlsCert, tlsKey } = credentials;
  const tls = [
    ...(tlsCa === undefined ? [] : [`ca_file: ${quote(tlsCa)}`]),
    ...(tlsCert === undefined ? [] : [`cert_file: ${quote(tlsCert)}`]),
    ...(tlsKey === undefined ? [] : [`key_file: ${quote(tlsKey)}`]),
  ];
  return [
    'leafnodes {',
    `  reconnect: "${leafReconnect}"`,
    '  remotes: [ {',
    `    urls: ${list(bus)}`,
    '    no_randomize: true',
    ...(creds === undefined ? [] : [`    credentials: ${quote(creds)}`]),
    ...(nkeySeed === undefined ? [] : [`    nkey: ${nkeySeed.startsWith('$') ? nkeySeed : quote(nkeySeed)}`]),
    ...(tls.length === 0 ? [] : [`    tls { ${tls.join(', ')} }`]),
    '  } ]',
    '}',
  ];
}

function common(settings: {
  name: string;
  listen: string;
  port: number;
  maxPayload?: number | undefined;
  portsDir: string;
  security?: BrokerSecurity;
}): string[] {
  return [
    `server_name: ${quote(settings.name)}`,
    `listen: ${quote(`${settings.listen}:${settings.port}`)}`,
    `max_payload: ${settings.maxPayload ?? maxPayloadBytes}`,
    `ping_interval: "${pingInterval}"`,
    `ports_file_dir: ${quote(settings.portsDir)}`,
    ...(settings.security === undefined
      ? []
      : [...settings.security.users, tlsBlock(settings.security.tls, false)]),
  ];
}

/** @param isMutual whether the other side must show a certificate too. */
function tlsBlock({ ca, cert, key }: TlsFiles, isMutual: boolean): string {
  const files = `cert_file: ${quote(cert)}, key_file: ${quote(key)}, ca_file: ${quote(ca)}`;
  return `tls { ${files}${isMutual ? ', verify: true' : ''} }`;
}

/** In nats-server's syntax a quoted string knows the escapes that JSON writes for all that a path or URL may hold. */
function quote(text: string): string {
  return JSON.stringify(text);
}

function list(items: readonly string[]): string {
  return `[${items.map(quote).join(', ')}]`;
}

function lines(...text: string[]): string {
  return `${['# Written by dynats at each start; changes are lost.', ...text].join('\n')}\n`;
}
