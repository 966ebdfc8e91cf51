// A directory of secrets: the keys of nodes and users, passwords, and certificates. What is there already is kept. Only its
// owner may read it, and nothing of it is ever printed, logged or given to a process on its command line.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeUserSeed, publicKeyOf } from '../../nats/user-key.js';
import type { Role } from '../../wire/permissions.js';
import { failed, messageOf } from '../emulator-error.js';
import { type Certified, isStillGood, issue, makeAuthority } from './certificates.js';

const PASSWORD_BYTES = 24;

export interface SecretsOptions {
  readonly nodes: readonly string[];
  /** Users by name, with what they may do. */
  readonly users: Readonly<Record<string, Role>>;
  /** Names and addresses under which all servers are reached. */
  readonly hosts: readonly string[];
  /** Of one node's servers: its certificate is for these beside `hosts`, and no other node's is. */
  readonly hostsOf?: Readonly<Record<string, readonly string[]>>;
}

/** One who connects with a key: a node or a user. */
export interface Holder {
  readonly name: string;
  /** File of the seed. */
  readonly seedFile: string;
  readonly publicKey: string;
}

export interface User extends Holder {
  readonly role: Role;
  readonly password: string;
}

export interface Secrets {
  readonly dir: string;
  /** The authority's certificate. */
  readonly ca: string;
  readonly nodes: readonly Holder[];
  readonly users: readonly User[];
}

/** Paths of the servers' certificate and key, and of the authority's certificate. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Where a user's or node's files are. */
export function secretFiles(dir: string, name: string): { seed: string; password: string; context: string } {
  const file = (ending: string) => path.join(dir, `${name}.${ending}`);
  return { seed: file('nkey'), password: file('password'), context: file('json') };
}

/** Of the authority's certificate. */
export function caFile(dir: string): string {
  return path.join(dir, 'ca.pem');
}

/**
 * Of a node's servers; of any other name, those of a server that belongs to no node. Each node has a key of its own: whoever steals
 * one can be that node's servers, and no other's.
 */
export function tlsFilesOf({ dir, nodes }: Pick<Secrets, 'dir' | 'nodes'>, server: string): TlsFiles {
  const name = nodes.some(node => node.name === server) ? server : 'server';
  return { ca: caFile(dir), cert: path.join(dir, `${name}.pem`), key: path.join(dir, `${name}-key.pem`) };
}

/** Makes what is missing. @throws EmulatorError when the directory cannot be written, or holds a file that is not sound. */
export async function ensureSecrets(dir: string, options: SecretsOptions): Promise<Secrets> {
  const root = path.resolve(dir);
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    chmodSync(root, 0o700);
    const nodes = options.nodes.map(name => holder(root, name));
    await ensureCertificates({ dir: root, nodes }, options);
    const users = Object.entries(options.users).map(([name, role]) => ({
      ...holder(root, name),
      role,
      password: keep(secretFiles(root, name).password, () => randomBytes(PASSWORD_BYTES).toString('hex')),
    }));
    return { dir: root, ca: caFile(root), nodes, users };
  } catch (error) {
    throw failed(`cannot make secrets in ${root}: ${messageOf(error)}`, error);
  }
}

async function ensureCertificates(
  made: Pick<Secrets, 'dir' | 'nodes'>,
  { nodes, hosts, hostsOf = {} }: SecretsOptions,
): Promise<void> {
  const authorityKey = path.join(made.dir, 'ca-key.pem');
  const authorityCert = caFile(made.dir);
  let authority = pair(authorityCert, authorityKey);
  if (authority === undefined) {
    authority = await makeAuthority('Dynats development CA');
    write(authorityKey, authority.key);
    write(authorityCert, authority.cert);
  }
  const { cert, key } = authority;
  const ensure = (server: string, its: readonly string[]) =>
    its.length === 0 ? undefined : ensureCertificate({ cert, key }, tlsFilesOf(made, server), its);
  await Promise.all([
    ensure('', hosts),
    ...nodes.map(node => ensure(node, [...(hostsOf[node] ?? []), ...hosts])),
  ]);
}

async function ensureCertificate(
  authority: Certified,
  files: TlsFiles,
  hosts: readonly string[],
): Promise<void> {
  const known = pair(files.cert, files.key);
  if (known !== undefined && isStillGood(known.cert, authority, hosts)) return;
  const { cert, key } = await issue(authority, hosts);
  write(files.key, key);
  write(files.cert, cert);
}

function pair(certFile: string, keyFile: string): Certified | undefined {
  if (!existsSync(certFile) || !existsSync(keyFile)) return undefined;
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}

function holder(root: string, name: string): Holder {
  const { seed: seedFile } = secretFiles(root, name);
  const seed = keep(seedFile, makeUserSeed);
  try {
    return { name, seedFile, publicKey: publicKeyOf(seed) };
  } catch (cause) {
    // The cause names what is wrong with the seed, not the seed.
    throw new Error(`${seedFile} holds no nkey seed: delete it to have a new one made`, { cause });
  }
}

/** The line in the file, or a new one. */
function keep(file: string, make: () => string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const made = make();
  write(file, `${made}\n`);
  return made;
}

/** Whole, by rename, and readable by its owner only, whatever was there before. */
export function write(file: string, text: string): void {
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, text, { mode: 0o600 });
  renameSync(fresh, file);
}
