// What the project knows of the two programs it does not ship: the broker, and the `nats` command line the tests use.

export type BinaryName = 'nats-server' | 'nats';

export interface Binary {
  readonly name: BinaryName;
  /** The version obtained when none that will do is found. */
  readonly version: string;
  /** The oldest version that will do. */
  readonly minimum: string;
  /** The environment variable that names a binary to use in place of any other. */
  readonly variable: string;
  readonly go: {
    readonly module: string;
    readonly package: string;
    /** The go.sum hash of the module at `version`: holds even where the checksum database is switched off. */
    readonly sum: string;
  };
  /** Where below the releases' base URL this version is. */
  readonly releasePath: string;
  /** The name of the release archive for a system; its binary is in a directory of that name. */
  archive(os: string, arch: string): string;
}

const natsServer: Binary = {
  name: 'nats-server',
  version: '2.15.1',
  // Batched Direct Get, which replay is built on, came with 2.11.
  minimum: '2.11.0',
  variable: 'DYNATS_NATS_SERVER',
  go: {
    module: 'github.com/nats-io/nats-server/v2',
    package: 'github.com/nats-io/nats-server/v2',
    sum: 'h1:fK3AeYFIji1Smng60jB0hVoAPZezA/UzsaI3BqXFNEI=',
  },
  releasePath: 'nats-server/releases/download/v2.15.1',
  archive: (os, arch) => `nats-server-v2.15.1-${os}-${arch}.tar.gz`,
};

const natsCli: Binary = {
  name: 'nats',
  version: '0.4.0',
  minimum: '0.2.0',
  variable: 'DYNATS_NATS_CLI',
  go: {
    module: 'github.com/nats-io/natscli',
    package: 'github.com/nats-io/natscli/nats',
    sum: 'h1:TVNhf1cV1xKS21OknR/7jBvO1PP4yynRqI9Si31AEk8=',
  },
  releasePath: 'natscli/releases/download/v0.4.0',
  archive: (os, arch) => `nats-0.4.0-${os}-${arch}.zip`,
};

export const binaries: Record<BinaryName, Binary> = { 'nats-server': natsServer, nats: natsCli };

/** A binary that will do, and where it came from. */
export interface FoundBinary {
  readonly path: string;
  readonly version: string;
  readonly source: 'env' | 'path' | 'cache' | 'go' | 'download';
}

/** No usable binary: the message says what was found, what is needed and what to do next. */
export class BrokerBinaryError extends Error {
  override name = 'BrokerBinaryError';
}
