// Parts of brokers' configuration files, to be included by those that people write: nats.conf and docker/log-broker.conf.
import path from 'node:path';
import { type Secrets, write } from './secrets.js';
import { keyLines, logBrokerKeys, logBrokerUsers } from './users-config.js';

const written = '# Written by dynats certs; changes are lost. Holds secrets.';

/**
 * One with the keys of each node and user, for the bus, and the users of each node's log broker.
 *
 * @returns the files.
 */
export function writeBrokerFiles(secrets: Secrets): string[] {
  const { dir } = secrets;
  const nodes = secrets.nodes.map(({ name }) => name);
  const users = Object.fromEntries(secrets.users.map(({ name, role }) => [name, role]));
  const files: (readonly [string, readonly string[]])[] = [
    ...[...secrets.nodes, ...secrets.users].map(each => [`${each.name}.conf`, keyLines(each)] as const),
    ...nodes.map(
      node =>
        [
          `log-${node}.conf`,
          [...logBrokerKeys(node, secrets), ...logBrokerUsers(node, nodes, users)],
        ] as const,
    ),
  ];
  return files.map(([name, lines]) => {
    const file = path.join(dir, name);
    write(file, `${[written, ...lines].join('\n')}\n`);
    return file;
  });
}
