// A nats-server with JetStream of its own, as somebody has it who does not use Dynats yet.
import path from 'node:path';
import type { TestContext } from 'node:test';
import { ensureBinary } from '../../src/emulator/binaries/ensure-binary.js';
import { brokerListens, startBroker } from '../../src/emulator/broker-process.js';
import { freePorts } from '../../src/emulator/free-ports.js';
import { cleanUp, tempDir } from './emulator.js';

/**
 * Its URL; it is stopped and its directory deleted after the test.
 *
 * @param more of its configuration.
 */
export async function startJetStream(t: TestContext, more = ''): Promise<string> {
  const dir = await tempDir(t);
  const port = await freePorts(1);
  const spec = {
    title: 'the JetStream server',
    binary: (await ensureBinary('nats-server')).path,
    dir,
    configFile: path.join(dir, 'server.conf'),
    logFile: path.join(dir, 'server.log'),
    config: `listen: "127.0.0.1:${port}"\nports_file_dir: "${dir}"\njetstream { store_dir: "${path.join(dir, 'js')}" }\n${more}\n`,
  };
  const server = startBroker(spec);
  cleanUp(t, () => server.kill());
  await brokerListens(server, spec);
  return `nats://127.0.0.1:${port}`;
}
