// `dynats certs`: makes the keys, passwords and certificates of a cluster, for development and small set-ups.

import path from 'node:path';
import type { Command } from 'commander';
import type { SecretsOptions } from '../../emulator/secrets/secrets.js';
import { during } from '../activity.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { note, print } from '../output.js';
import { withExitCodes } from './emulator-command.js';

interface CertsFlags {
  nodes: string;
  hosts: string;
  urls: string;
  user: string[];
}

export function register(program: Command): void {
  const command = program
    .command('certs')
    .description('make a development CA, certificates, keys and passwords for the brokers, nodes and users')
    .argument('<dir>', 'directory; what is in it already is kept')
    .option('--nodes <names>', 'names of the nodes', 'n0,n1,n2,n3')
    .option(
      '--hosts <names>',
      'names and addresses of all servers; n0=host0 for those of one node',
      'localhost,127.0.0.1',
    )
    .option('--urls <urls>', 'of the bus, for the contexts of users', 'nats://127.0.0.1:4222')
    .option(
      '--user <name=role>',
      'one more user: client, direct, inspector or operator; can be repeated (default: one of each role)',
      (one: string, all: string[]) => [...all, one],
      [] as string[],
    )
    .action((dir: string, flags: CertsFlags) => withExitCodes(() => makeAll(dir, flags)));
  explain(command, {
    notes:
      'Nothing secret is printed. Files are for their owner only; a certificate that ends soon is made anew.',
    examples: [
      'dynats certs secrets',
      'dynats certs secrets --nodes n0,n1,n2 --hosts n0=host0,n1=host1,n2=host2',
      'dynats certs secrets --urls nats://host0:4222 --user ada=client',
    ],
  });
}

async function makeAll(dir: string, flags: CertsFlags): Promise<void> {
  const { ensureSecrets } = await import('../../emulator/secrets/secrets.js');
  const { writeContexts } = await import('../../emulator/secrets/contexts.js');
  const { writeBrokerFiles } = await import('../../emulator/secrets/broker-files.js');
  const options = await optionsOf(flags);
  const secrets = await during('making keys and certificates', () => ensureSecrets(dir, options));
  writeContexts(secrets, listOf(flags.urls));
  const files = writeBrokerFiles(secrets);
  for (const file of files) print(file);
  note(
    `Each user has a context: nats --context ${path.join(secrets.dir, 'client.json')}. Give each host its own node's files only. Keep ca-key.pem apart: whoever has it can be any server.`,
  );
}

async function optionsOf({ nodes, hosts, user }: CertsFlags): Promise<SecretsOptions> {
  const { userOfEachRole } = await import('../../emulator/secrets/users-config.js');
  const { roles } = await import('../../wire/permissions.js');
  const names = listOf(nodes);
  for (const name of names) checkName('--nodes', name);
  const users = { ...userOfEachRole };
  for (const text of user) {
    const [name = '', word = ''] = text.split('=');
    checkName('--user', name);
    const role = roles.find(each => each === word);
    if (role === undefined || text !== `${name}=${role}`)
      throw new CliError(
        ExitCode.Usage,
        `--user ${text}: write NAME=ROLE, where ROLE is one of ${roles.join(', ')}`,
      );
    users[name] = role;
  }
  const twice = names.find(name => Object.hasOwn(users, name));
  if (twice !== undefined)
    throw new CliError(ExitCode.Usage, `--user ${twice}: a node has that name, choose another`);
  return { nodes: names, users, ...hostsIn(hosts, names) };
}

/** `localhost,n0=host0`: for the certificates of all servers, and for that of one node's. */
function hostsIn(text: string, nodes: readonly string[]): Pick<SecretsOptions, 'hosts' | 'hostsOf'> {
  const hosts: string[] = [];
  const hostsOf: Record<string, string[]> = {};
  for (const each of listOf(text)) {
    const [node = '', host] = each.split('=');
    if (host === undefined) hosts.push(each);
    else if (host === '' || !nodes.includes(node))
      throw new CliError(
        ExitCode.Usage,
        `--hosts ${each}: write HOST, or NODE=HOST with one of ${nodes.join(', ')}`,
      );
    else hostsOf[node] = [...(hostsOf[node] ?? []), host];
  }
  return { hosts, hostsOf };
}

function checkName(flag: string, name: string): void {
  if (/^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(name)) return;
  throw new CliError(
    ExitCode.Usage,
    `${flag}: "${name}" is no name: a letter, then up to 31 letters, digits, "_" and "-"`,
  );
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map(each => each.trim())
    .filter(each => each !== '');
}
