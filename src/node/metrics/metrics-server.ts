// Serves a node's metrics to Prometheus, and whether it is alive and ready to those who start and stop it. Only looks; tells
// nothing of keys and values.
import { createServer, type Server, type ServerResponse } from 'node:http';
import { InvalidRequestError } from '../../errors.js';
import type { Logger } from '../../ports.js';
import { CONTENT_TYPE, Exposition } from './exposition.js';
import { type NodeMetricsOptions, writeNodeMetrics } from './node-metrics.js';
import { ProcessMetrics } from './process-metrics.js';

export interface MetricsServerOptions extends NodeMetricsOptions {
  readonly port: number;
  /** Address to listen on. */
  readonly listen: string;
  readonly logger: Logger;
}

/** Nobody needs a scrape that takes longer, in milliseconds. */
const REQUEST_TIMEOUT_MS = 5000;
/** Who opens connections and asks nothing leaves room for the node's own, and for those who ask. */
const CONNECTIONS_MAX = 100;

export class MetricsServer {
  private readonly ofProcess = new ProcessMetrics();

  private constructor(
    private readonly server: Server,
    private readonly options: MetricsServerOptions,
  ) {
    server.on('request', ({ method, url = '/' }, response) => {
      if (method === 'GET' || method === 'HEAD') void this.answer(url.split('?')[0] ?? '/', response);
      else send(response, 405, 'only GET\n');
    });
  }

  /** @throws InvalidRequestError when the port cannot be listened on. */
  static async listen(options: MetricsServerOptions): Promise<MetricsServer> {
    const server = createServer({
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: REQUEST_TIMEOUT_MS / 5,
    });
    server.maxConnections = CONNECTIONS_MAX;
    // A scrape that was forgotten does not keep the process from ending.
    server.unref();
    const { port, listen } = options;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(
          new InvalidRequestError(
            'metrics.port',
            `cannot serve metrics on ${listen}:${port} (${cause.code ?? cause.message}): choose another port`,
            { cause },
          ),
        ),
      );
      server.listen(port, listen, resolve);
    });
    return new MetricsServer(server, options);
  }

  close(): void {
    this.ofProcess.close();
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(path: string, response: ServerResponse): Promise<void> {
    const { replica, isConnected, logger } = this.options;
    try {
      if (path === '/metrics') return send(response, 200, await this.page(), CONTENT_TYPE);
      if (path === '/healthz') return send(response, 200, 'ok\n');
      if (path === '/readyz') {
        const isReady = replica.state === 'serving' && isConnected();
        return send(response, isReady ? 200 : 503, `${isConnected() ? replica.state : 'no log broker'}\n`);
      }
      send(response, 404, 'there is /metrics, /healthz and /readyz\n');
    } catch (error) {
      logger.error({ error, path }, 'could not answer a scrape');
      send(response, 500, 'see the log of the node\n');
    }
  }

  private async page(): Promise<string> {
    const page = new Exposition();
    await writeNodeMetrics(page, this.options);
    this.ofProcess.writeTo(page);
    return page.toString();
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}
